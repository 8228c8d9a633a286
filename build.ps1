#!/usr/bin/env pwsh
<#
.SYNOPSIS
    Builds, tests, packs or installs the module. MSBuild does the work.
.PARAMETER Task
    Build: stage the module at out/ExitSnoop. Test: run all tests. Package: make the .nupkg for a
    gallery in out. Install: copy the module to a folder where PowerShell finds it.
.PARAMETER Scope
    With -Task Install. CurrentUser: for the user who runs this. AllUsers: for all users, including root; this
    needs root. Tracing needs root or two capabilities, and root's PowerShell does not search another user's
    folder, so the default is AllUsers for root and CurrentUser for other users.
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Package', 'Install')]
    [string] $Task = 'Build',

    [ValidateSet('CurrentUser', 'AllUsers')]
    [string] $Scope = [Environment]::IsPrivilegedProcess ? 'AllUsers' : 'CurrentUser'
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
    # The same folders as those of Install-PSResource.
    $data = $Scope -eq 'AllUsers' ? '/usr/local/share' : [Environment]::GetFolderPath('LocalApplicationData', 'DoNotVerify')
    $version = (Import-PowerShellDataFile "$root/ExitSnoop.psd1").ModuleVersion
    $target = Join-Path $data powershell Modules ExitSnoop $version
    if (Test-Path $target) {
        Remove-Item $target -Recurse
    }
    $null = New-Item $target -ItemType Directory -Force
    Copy-Item "$root/out/ExitSnoop/*" $target -Recurse
    Write-Output "Installed to $target"
    if ($Scope -eq 'CurrentUser' -and -not [Environment]::IsPrivilegedProcess) {
        Write-Warning 'sudo pwsh does not look there. To trace as root, install as root: sudo pwsh build.ps1 -Task Install'
    }
}
