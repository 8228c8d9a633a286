namespace ExitSnoop.Cli.Tests;

/// <summary>What a format prints.</summary>
internal static class Rendering
{
    internal static string Header(Func<OutputBuffer, IEventFormat> make) => Capture(output => make(output).WriteHeader());

    internal static string Row(Func<OutputBuffer, IEventFormat> make, ExitEvent exit) => Capture(output => make(output).Write(exit));

    internal static string Capture(Action<OutputBuffer> write)
    {
        string path = Path.GetTempFileName();
        try
        {
            using (Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
            {
                OutputBuffer output = new((int)file.DangerousGetHandle());
                write(output);
                output.Flush();
            }

            return File.ReadAllText(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
