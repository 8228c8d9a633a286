<#
.SYNOPSIS
    Watches a steady stream of exits for a long time: whether each is seen, and whether the memory stays
    as it is. As root, after ./bootstrap.sh build and make -C bench: pwsh bench/soak.ps1
.DESCRIPTION
    The kernel lets pass what belongs to one user, and of that those are counted that have the generator's name.
    Prints a line a minute, at the end what happened by the generator's own count and what was seen; fails if
    they differ.
#>
param([int] $Minutes = 30, [int] $Rate = 5000, [string] $User = 'nobody')

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../out/ExitSnoop"
$folder = New-Item (Join-Path ([IO.Path]::GetTempPath()) "soak.$PID") -ItemType Directory
try {
    # The user may not have access to this folder.
    Copy-Item "$PSScriptRoot/../out/bench/storm" $folder
    chmod 755 $folder
    $seconds = 60 * $Minutes
    $storm = @{
        FilePath = 'setpriv'
        ArgumentList = "--reuid $User --clear-groups $folder/storm --kind vfork --comm soak-exit --workers 1 --rate $Rate --seconds $seconds --cap $($seconds + 60)"
        RedirectStandardOutput = "$folder/storm.txt"
    }
    $me = [Diagnostics.Process]::GetCurrentProcess()
    $clock = [Diagnostics.Stopwatch]::new()
    $running = $null
    $seen = $next = 0L
    '{0,6} {1,10} {2,12} {3,6} {4,10}' -f 'minute', 'seen', 'resident MB', 'CPU s', 'open files'
    # The first message of -Verbose says that the watch is attached.
    Watch-ProcessExit -User $User -Timeout ($seconds + 20) -WarningVariable lost -Verbose 4>&1 | ForEach-Object {
        if ($_ -isnot [Management.Automation.VerboseRecord]) {
            if ($_.Name -ceq 'soak-exit') { $seen++ }
            if ($clock.ElapsedMilliseconds -ge $next) {
                $me.Refresh()
                '{0,6:F0} {1,10} {2,12:F0} {3,6:F0} {4,10}' -f ($next / 60000), $seen, ($me.WorkingSet64 / 1MB),
                    $me.TotalProcessorTime.TotalSeconds, [IO.Directory]::GetFiles('/proc/self/fd').Count
                $next += 60000
            }
        }
        elseif (-not $running) {
            $running = Start-Process @storm -PassThru
            $clock.Start()
        }
    }
    if (-not $running.HasExited) { throw 'The generator did not end in time.' }
    $happened = [long] ((Select-String '^exits (\d+)' "$folder/storm.txt").Matches[0].Groups[1].Value)
    "happened $happened, seen $seen, warnings $($lost.Count)"
    if ($seen -ne $happened) { exit 1 }
}
finally {
    Remove-Item $folder -Recurse
}
