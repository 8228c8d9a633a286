<#
.SYNOPSIS
    Reads a recording with Get-ProcessExit, as bench/ExitSnoop.Bench starts it: a line "name seconds" for each of three
    questions, the best of three, and "memory" with the most memory in MB that this process had.
.PARAMETER Path
    The recording.
#>
param([Parameter(Mandatory)] [string] $Path)

$ErrorActionPreference = 'Stop'
$WarningPreference = 'Ignore'
Import-Module "$PSScriptRoot/../out/ExitSnoop"

function Best([string] $Name, [scriptblock] $Question) {
    $seconds = 1..3 | ForEach-Object { (Measure-Command $Question).TotalSeconds } | Measure-Object -Minimum
    [Console]::Out.WriteLine("$Name $($seconds.Minimum)")
}

Best hour { Get-ProcessExit $Path -Last 1h -Crashed }
Best newest { Get-ProcessExit $Path -MaxEvents 20 }
Best measure { Get-ProcessExit $Path -MaxEvents 1000000 | Measure-ProcessExit -Property Name }
[Console]::Out.WriteLine("memory $((Get-Process -Id $PID).PeakWorkingSet64 / 1e6)")
