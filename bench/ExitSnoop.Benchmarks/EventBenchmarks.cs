using System.Globalization;
using System.Reflection;
using System.Text;
using BenchmarkDotNet.Attributes;
using ExitSnoop.Cli.Output;
using ExitSnoop.Records;
using Microsoft.Win32.SafeHandles;

namespace ExitSnoop.Benchmarks;

/// <summary>Measures the conversion of a record to the text of its event.</summary>
public class EventBenchmarks
{
    private static readonly Func<ExitEvent, object?>[] Properties =
        [.. typeof(ExitEvent).GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(Getter)];

    private byte[] bytes = [];
    private ExitEvent exit = null!;
    private SafeFileHandle nowhere = null!;
    private OutputBuffer output = null!;
    private TableFormat table = null!;
    private JsonFormat json = null!;

    /// <summary>Whether the record has all details, or only what the original shows.</summary>
    [Params(false, true)]
    public bool Detailed { get; set; }

    /// <summary>Makes the record.</summary>
    [GlobalSetup]
    public void Setup()
    {
        bytes = Detailed ? SampleRecord.Detailed() : SampleRecord.Basic();
        exit = Decode();
        nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
        output = new OutputBuffer(nowhere.DangerousGetHandle().ToInt32());
        table = new TableFormat(output, time: true, utc: true, null);
        json = new JsonFormat(output);
    }

    /// <summary>Closes the output.</summary>
    [GlobalCleanup]
    public void Cleanup() => nowhere.Dispose();

    /// <summary>Makes an event of a record.</summary>
    [Benchmark]
    public ExitEvent Decode()
    {
        _ = RecordView.TryParse(bytes, out _);
        return new ExitEvent(bytes.AsSpan().ToArray(), null, SampleRecord.ClockOffset, utc: true, null);
    }

    /// <summary>The text of the EXIT_CODE column.</summary>
    [Benchmark]
    public string Status() => exit.Status;

    /// <summary>A line of the console program's table, with the time.</summary>
    [Benchmark]
    public void TableLine() => table.Write(Decode());

    /// <summary>A line of exitsnoop --json.</summary>
    [Benchmark]
    public void JsonLine() => json.Write(Decode());

    /// <summary>A line as Export-Csv writes it: every property as text, in quotes.</summary>
    [Benchmark]
    public string CsvLine()
    {
        ExitEvent decoded = Decode();
        StringBuilder line = new();
        foreach (Func<ExitEvent, object?> property in Properties)
        {
            string? text = Convert.ToString(property(decoded), CultureInfo.InvariantCulture);
            line.Append(line.Length > 0 ? "," : "").Append('"').Append(text?.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }
        return line.ToString();
    }

    private static Func<ExitEvent, object?> Getter(PropertyInfo property)
    {
        // Typed delegates, as the adapter of PowerShell compiles them.
        MethodInfo make = typeof(EventBenchmarks).GetMethod(nameof(Boxed), BindingFlags.NonPublic | BindingFlags.Static)!;
        return (Func<ExitEvent, object?>)make.MakeGenericMethod(property.PropertyType).Invoke(null, [property.GetMethod])!;
    }

    private static Func<ExitEvent, object?> Boxed<T>(MethodInfo getter)
    {
        Func<ExitEvent, T> typed = getter.CreateDelegate<Func<ExitEvent, T>>();
        return exit => typed(exit);
    }
}
