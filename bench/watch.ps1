<#
.SYNOPSIS
    Watch-ProcessExit into a sink, as bench/ExitSnoop.Bench starts it. Says "done" after the last event,
    and stays until its input ends, so that it can still be measured.
.PARAMETER Sink
    Csv, Null and Table: Export-Csv, Out-Null and Format-Table into a file. Clock: id and clock of each
    event as it comes out of the pipeline. Lines: each event as a line, at once.
.PARAMETER Path
    The file.
.PARAMETER Code
    Only exits with this status, 1 to 255; 0 for all.
.PARAMETER Count
    How many of them.
#>
param(
    [Parameter(Mandatory)] [ValidateSet('Csv', 'Null', 'Table', 'Clock', 'Lines')] [string] $Sink,
    [string] $Path,
    [int] $Code,
    [int] $Count = [int]::MaxValue
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../out/ExitSnoop"
$watch = @{ MaxEvents = $Count }
if ($Code) {
    $watch.ExitCode = $Code
}

switch ($Sink) {
    Csv { Watch-ProcessExit @watch | Export-Csv $Path }
    Null { Watch-ProcessExit @watch | Out-Null }
    Table { Watch-ProcessExit @watch | Format-Table | Out-File $Path }
    Clock {
        # Written at the end, because the pipeline is measured and not the file.
        $lines = [Collections.Generic.List[string]]::new()
        Watch-ProcessExit @watch | ForEach-Object { $lines.Add("$([Diagnostics.Stopwatch]::GetTimestamp()) $($_.Id) $($_.Name)") }
        [IO.File]::WriteAllLines($Path, $lines)
    }
    Lines { Watch-ProcessExit @watch | ForEach-Object { [Console]::Out.WriteLine("$($_.Name) $($_.Id)") } }
}

'done'
$null = [Console]::In.ReadLine()
