using System.Management.Automation;

namespace ExitSnoop.Commands.Service;

/// <summary>Adds warnings to the output of -WhatIf.</summary>
internal static class WhatIf
{
    /// <summary>Warns if a check would make the command fail.</summary>
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
