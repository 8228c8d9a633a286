<#
.SYNOPSIS
    Prints the milliseconds that it takes, in a PowerShell that runs, to import the module, load the BPF
    program and attach it.
#>
$ErrorActionPreference = 'Stop'
# Runs the code of the measurement once, so that it is compiled.
$attached = [long] 0
'' | ForEach-Object { if (-not $attached) { $attached = [Diagnostics.Stopwatch]::GetTimestamp() } }

$attached = [long] 0
$begin = [Diagnostics.Stopwatch]::GetTimestamp()
Import-Module "$PSScriptRoot/../out/ExitSnoop"
# The first message of -Verbose comes when the program is attached.
Watch-ProcessExit -Timeout 0 -Verbose 4>&1 | ForEach-Object {
    if (-not $attached) { $attached = [Diagnostics.Stopwatch]::GetTimestamp() }
}
[Diagnostics.Stopwatch]::GetElapsedTime($begin, $attached).TotalMilliseconds.ToString('F3', [cultureinfo]::InvariantCulture)
