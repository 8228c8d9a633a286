@{
  RootModule = 'out/ExitSnoop/ExitSnoop.dll'
  RequiredAssemblies = @('out/ExitSnoop/ExitSnoop.Tracing.dll')
  ModuleVersion = '1.0.0'
  GUID = '4c9a8b1e-52c1-4f5e-9d35-0a7a5f1d6e02'
  Author = 'The ExitSnoop authors'
  CompanyName = 'The ExitSnoop authors'
  Copyright = '(c) 2026 The ExitSnoop authors. Licensed under the Apache License 2.0.'
  Description = 'Emits a PowerShell object the moment any process on a Linux machine exits, with BPF: the status that waitpid(2) reports, who or what killed it, its command line and what it used. A port of bcc''s exitsnoop. Needs root or CAP_BPF and CAP_PERFMON and a kernel with BTF (5.10 or later). It uses the system''s libbpf, or the one in this package if the system has none or a version before 1.0 (glibc 2.28 or later; on Alpine install libbpf).'
  CompatiblePSEditions = @('Core')
  PowerShellVersion = '7.6'
  FormatsToProcess = @('ExitSnoop.Format.ps1xml')
  FunctionsToExport = @()
  CmdletsToExport = @('Watch-ProcessExit', 'Get-ProcessExit', 'Measure-ProcessExit', 'Enable-ProcessExitRecording', 'Disable-ProcessExitRecording', 'Get-ProcessExitRecording', 'Register-ProcessExitEvent', 'Get-ProcessExitEventDefinition')
  VariablesToExport = @()
  AliasesToExport = @('exitsnoop')
  PrivateData = @{
    PSData = @{
      Tags = @('Linux', 'BPF', 'eBPF', 'Tracing', 'Process', 'Exit', 'Crash', 'Signal', 'OOM', 'Observability', 'exitsnoop', 'PSEdition_Core')
      LicenseUri = 'https://www.apache.org/licenses/LICENSE-2.0'
      ReleaseNotes = 'See CHANGELOG.md.'
    }
  }
}
