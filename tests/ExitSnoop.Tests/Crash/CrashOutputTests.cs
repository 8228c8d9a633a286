using System.Net;
using ExitSnoop.Recording;
using ExitSnoop.Tests.Kernel;

namespace ExitSnoop.Tests.Crash;

/// <summary>The program exitsnoop and processes that crash: what it writes, and which servers it asks for symbols.</summary>
[Collection(KernelTests.Name)]
public sealed class CrashOutputTests
{
    [Fact]
    public void What_stood_on_the_stack_is_in_no_output_and_in_no_recording()
    {
        using TestFolder folder = new();
        string recording = folder.Path("recording");
        string[][] formats = [["-t"], ["--why"], ["--json"]];
        Command[] traces = [.. formats.Select(format => Trace(null, [.. format, "--stack-trace"])), Trace(null, "--record", recording)];
        try
        {
            CrashingProgram.RunWithSecret();
            foreach (Command trace in traces[..^1])
                trace.WaitForOutput("read_null");
            foreach (Command trace in traces)
            {
                trace.Signal(Command.SigTerm);
                CommandResult result = trace.Wait();
                AssertHasNot(Encoding.UTF8.GetBytes(result.Output + result.Error));
            }
        }
        finally
        {
            foreach (Command trace in traces)
                trace.Dispose();
        }
        int crashes = 0;
        foreach (string file in Directory.GetFiles(recording))
        {
            AssertHasNot(File.ReadAllBytes(file));
            using SegmentReader? segment = SegmentReader.Open(file);
            _ = segment?.Scan();
            RecordedBlock block = new();
            for (int part = 0; part < segment?.Parts.Count; part++)
            {
                block.Clear();
                segment.Read(part, block);
                for (int i = 0; i < block.Count; i++)
                {
                    AssertHasNot(block.Exit(i));
                    AssertHasNot(block.Crash(i));
                    crashes += block.Crash(i).IndexOf("read_null"u8) >= 0 ? 1 : 0;
                }
            }
        }
        Assert.NotEqual(0, crashes);
    }

    [Theory]
    [InlineData(true, "crash-stripped!read_null+")]
    [InlineData(false, "crash-stripped+0x")]
    public void A_server_of_symbols_is_asked_only_if_the_environment_names_it(bool named, string site)
    {
        Need.Unless(System.Runtime.InteropServices.NativeLibrary.TryLoad("libdebuginfod.so.1", out _) ? null : "there is no libdebuginfod.so.1");
        using TestFolder folder = new();
        string symbols = folder.Path("symbols");
        Assert.Equal(0, Command.Run(Need.Program("objcopy"), ["--only-keep-debug", CrashingProgram.Plain, symbols]).ExitCode);
        using SymbolServer server = new(symbols);
        using Command trace = Trace(named ? server.Url : null, "--why", "--stack-trace");
        using Child child = Child.Run(CrashingProgram.Stripped, "null-read");
        trace.WaitForOutput(site);
        Assert.Equal(named, server.Requests.Any(path => path.EndsWith("/debuginfo", StringComparison.Ordinal)));
        Assert.Equal(named, server.Requests.Count > 0);
    }

    private static Command Trace(string? servers, params string[] arguments)
    {
        LoadableBpf.Require();
        Command trace = Command.Start(
            Paths.Console, ["-v", "--parent", $"{Environment.ProcessId}", .. arguments],
            environment: new Dictionary<string, string?> { ["DEBUGINFOD_URLS"] = servers });
        trace.WaitForError("attached");
        return trace;
    }

    private static void AssertHasNot(ReadOnlySpan<byte> bytes)
    {
        Assert.True(bytes.IndexOf("hunter2"u8) < 0, "The secret is there.");
        // The secret must not appear as an address either: eight of its bytes in hexadecimal digits.
        for (int i = 0; i + sizeof(ulong) <= CrashingProgram.Secret.Length; i++)
        {
            string digits = $"{BitConverter.ToUInt64(Encoding.UTF8.GetBytes(CrashingProgram.Secret), i):x}";
            Assert.True(bytes.IndexOf(Encoding.ASCII.GetBytes(digits)) < 0, "A part of the secret is there as a number.");
        }
    }

    /// <summary>A server with the symbols of one program, by its build ID.</summary>
    private sealed class SymbolServer : IDisposable
    {
        private readonly HttpListener listener = new();
        private readonly List<string> requests = [];
        private readonly byte[] symbols;
        private readonly string buildId = Command.Run(Need.Program("readelf"), ["-n", CrashingProgram.Plain])
            .Lines.First(line => line.Contains("Build ID: ", StringComparison.Ordinal)).Split("Build ID: ")[1].Trim();

        internal SymbolServer(string file)
        {
            symbols = File.ReadAllBytes(file);
            Url = $"http://127.0.0.1:{Loopback.FreePort()}/";
            listener.Prefixes.Add(Url);
            listener.Start();
            new Thread(Serve) { IsBackground = true }.Start();
        }

        internal string Url { get; }

        internal IReadOnlyList<string> Requests
        {
            get
            {
                lock (requests)
                    return [.. requests];
            }
        }

        public void Dispose() => listener.Close();

        private void Serve()
        {
            try
            {
                while (true)
                {
                    HttpListenerContext context = listener.GetContext();
                    string path = context.Request.Url!.AbsolutePath;
                    lock (requests)
                        requests.Add(path);
                    bool has = path.StartsWith($"/buildid/{buildId}/", StringComparison.Ordinal);
                    context.Response.StatusCode = has ? 200 : 404;
                    context.Response.Close(has ? symbols : [], willBlock: true);
                }
            }
            catch (HttpListenerException)
            {
            }
            catch (ObjectDisposedException)
            {
            }
        }
    }
}
