using System.Management.Automation;

namespace ExitSnoop.Commands.Service;

/// <summary>What -WhatIf adds to the description of what a command would do.</summary>
internal static class WhatIf
{
    /// <summary>Warns if the command would be refused.</summary>
    internal static void Warn(PSCmdlet cmdlet, Action check)
    {
        try
        {
            check();
        }
        catch (Exception refused) when (refused is ServiceException or ExitRecordingException or IOException or UnauthorizedAccessException)
        {
            cmdlet.WriteWarning($"Without -WhatIf, this command would fail: {refused.Message}");
        }
    }
}
