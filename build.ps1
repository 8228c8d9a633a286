#!/usr/bin/env pwsh
<#
.SYNOPSIS
    Builds, tests, packs or installs the module. All the work is MSBuild's.
.PARAMETER Task
    Build: stage the module at out/ExitSnoop. Test: run all tests. Package: make the .nupkg for a
    gallery in out. Install: copy the module to where this user's PowerShell finds it.
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Package', 'Install')]
    [string] $Task = 'Build'
)

$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot

switch ($Task) {
    'Test' { & "$root/bootstrap.sh" test }
    'Package' { dotnet build "$root/src/ExitSnoop" -c Release -v quiet -tl:off --nologo -clp:NoSummary -t:PackageModule }
    default { dotnet build "$root/src/ExitSnoop" -c Release -v quiet -tl:off --nologo -clp:NoSummary }
}
if ($LASTEXITCODE -ne 0) {
    exit $LASTEXITCODE
}

if ($Task -eq 'Install') {
    $data = [Environment]::GetFolderPath('LocalApplicationData')
    $version = (Import-PowerShellDataFile "$root/ExitSnoop.psd1").ModuleVersion
    $target = Join-Path $data powershell Modules ExitSnoop $version
    if (Test-Path $target) {
        Remove-Item $target -Recurse
    }
    $null = New-Item $target -ItemType Directory -Force
    Copy-Item "$root/out/ExitSnoop/*" $target -Recurse
    Write-Output "Installed to $target"
}
