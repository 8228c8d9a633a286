<#
.SYNOPSIS
    What events cost in a pipeline, beside objects of a plain class with the same properties and values, as
    bench/ExitSnoop.Bench starts it: a line "events plain pipeline" for each round of each pipeline, in microseconds of CPU time
    an object. The first round, in which PowerShell compiles what it runs, does not count.
.PARAMETER Storm
    The program that makes the exits.
.PARAMETER Objects
    How many objects go through each pipeline.
.PARAMETER Rounds
    How often.
#>
param([Parameter(Mandatory)] [string] $Storm, [int] $Objects = 20000, [int] $Rounds = 5)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../out/ExitSnoop"
$file = [IO.Path]::GetTempFileName()
$distinct = 500

# The events are those of commands with arguments. The first message of -Verbose says that the watch is attached.
$running = $null
$events = Watch-ProcessExit -Name pipeline-exit -MaxEvents $distinct -Verbose 4>&1 | ForEach-Object {
    if ($_ -isnot [Management.Automation.VerboseRecord]) { $_ }
    elseif (-not $running) { $running = Start-Process $Storm "--kind exec --comm pipeline-exit --count $distinct" -PassThru -RedirectStandardOutput /dev/null }
}

# The plain class has all properties of an event, with the same types and values.
function NameOf([type] $Type) {
    if ($under = [Nullable]::GetUnderlyingType($Type)) { "$($under.FullName)?" } else { $Type.FullName }
}
$properties = [ExitSnoop.ExitEvent].GetProperties()
$declarations = $properties | ForEach-Object { "public $(NameOf $_.PropertyType) $($_.Name) { get; set; }" }
$assignments = $properties | ForEach-Object { "$($_.Name) = exit.$($_.Name)," }
$assemblies = @($properties.PropertyType.Assembly.Location) + [ExitSnoop.ExitEvent].Assembly.Location + [EventArgs].Assembly.Location |
    Sort-Object -Unique
Add-Type -ReferencedAssemblies $assemblies -TypeDefinition @"
public class PlainExit
{
    $($declarations -join "`n    ")

    public static PlainExit Of(ExitSnoop.ExitEvent exit) => new() { $($assignments -join ' ') };
}

public static class Copies
{
    static readonly System.Reflection.MethodInfo Clone =
        typeof(object).GetMethod("MemberwiseClone", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic);

    // Makes events as they come from the kernel, because an event decodes its texts when they are first read.
    public static object[] Of(object[] from, int count)
    {
        var made = new object[count];
        for (int i = 0; i < count; i++)
            made[i] = Clone.Invoke(from[i % from.Length], null);
        return made;
    }
}
"@
$events = [object[]] $events
$plain = [object[]] (([Copies]::Of($events, $events.Count)) | ForEach-Object { [PlainExit]::Of($_) })

# The columns and widths of the table of an event, with plain properties.
$columns = @(@('PCOMM', 16, 'Name'), @('PID', 7, 'Id'), @('PPID', 7, 'ParentId'), @('TID', 7, 'ThreadId'), @('AGE(s)', 7, 'Age'), @('EXIT_CODE', 0, 'Status'))
$headers = $columns | ForEach-Object {
    "<TableColumnHeader><Label>$($_[0])</Label>$(if ($_[1]) { "<Width>$($_[1])</Width>" })</TableColumnHeader>"
}
$cells = $columns | ForEach-Object { "<TableColumnItem><PropertyName>$($_[2])</PropertyName></TableColumnItem>" }
Set-Content "$file.ps1xml" @"
<Configuration><ViewDefinitions><View><Name>PlainExit</Name><ViewSelectedBy><TypeName>PlainExit</TypeName></ViewSelectedBy>
<TableControl><TableHeaders>$headers</TableHeaders>
<TableRowEntries><TableRowEntry><TableColumnItems>$cells</TableColumnItems></TableRowEntry></TableRowEntries></TableControl>
</View></ViewDefinitions></Configuration>
"@
Update-FormatData -PrependPath "$file.ps1xml"

function Measure-Pipeline([object[]] $From, [scriptblock] $Pipeline) {
    $all = [Copies]::Of($From, $Objects)
    [GC]::Collect()
    $before = [Environment]::CpuUsage.TotalTime
    . $Pipeline
    ([Environment]::CpuUsage.TotalTime - $before).TotalMicroseconds / $Objects
}

$pipelines = [ordered] @{
    'Out-Null' = { $all | Out-Null }
    'Where-Object Signal -eq SEGV' = { $all | Where-Object Signal -eq SEGV }
    'Export-Csv' = { $all | Export-Csv $file }
    'Format-Table' = { $all | Format-Table | Out-File $file }
}
try {
    foreach ($round in 0..$Rounds) {
        foreach ($name in $pipelines.Keys) {
            $cost = (Measure-Pipeline $events $pipelines[$name]), (Measure-Pipeline $plain $pipelines[$name])
            if ($round) { "$($cost[0]) $($cost[1]) $name" }
        }
    }
}
finally {
    Remove-Item $file, "$file.ps1xml"
}
