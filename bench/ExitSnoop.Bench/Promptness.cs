using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>Measures how soon after its start a tracer shows the first event.</summary>
internal sealed class Promptness(Bench bench)
{
    private const string Shell = "Watch-ProcessExit";
    private const int BackgroundRate = 1000;

    private readonly Workspace workspace = bench.Workspace;
    private readonly Samples samples = bench.Samples;

    internal void Measure()
    {
        MeasureFirstEvents();
        if (bench.HasShell)
            MeasureImport();

        foreach (Tracer tracer in (Tracer[])[bench.Basic, bench.Everything])
            bench.AddFigure(
                $"start to first event, `{tracer.Name}`, median of {bench.Plan.FirstEvents}", Metric.FirstEvent, tracer.Name, 20,
                bench.PeerRange(Metric.FirstEvent));
        bench.AddFigure("import, load and attach in a running pwsh", Metric.Import, Shell, 150);
    }

    /// <summary>Runs a thousand exits a second meanwhile, so that there is always one to report.</summary>
    private void MeasureFirstEvents()
    {
        Bench.Say("from the start to the first event");
        using ChildProcess storm = Storm.Start(workspace, new StormOptions { Workers = 1, Rate = BackgroundRate, Seconds = 250 });
        for (int i = 0; i < bench.Plan.FirstEvents; i++)
            foreach (Tracer tracer in bench.Tracers)
                if (!tracer.IsPeer || i < bench.Plan.ShellStarts)
                    MeasureFirstEvent(tracer.Name, tracer.Prompt);
        for (int i = 0; bench.HasShell && i < bench.Plan.ShellStarts; i++)
            MeasureFirstEvent("pwsh -Command Watch-ProcessExit", PowerShellRun.Command(workspace, "Lines"));
    }

    private void MeasureFirstEvent(string row, string[] command)
    {
        string time = ChildProcess.Run(workspace, [workspace.Tool("firstline"), Storm.Name, .. command]);
        samples.Add(Metric.FirstEvent, row, double.Parse(time, CultureInfo.InvariantCulture));
    }

    private void MeasureImport()
    {
        Bench.Say("import, load and attach");
        for (int i = 0; i < bench.Plan.ShellStarts; i++)
        {
            string time = ChildProcess.Run(workspace, "pwsh", "-NoProfile", "-NonInteractive", "-File", workspace.Script("import.ps1"));
            samples.Add(Metric.Import, Shell, double.Parse(time, CultureInfo.InvariantCulture));
        }
    }
}
