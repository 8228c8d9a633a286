# Makes the bill of materials from the input of sbom.sh.

def rows: split("\n") | map(select(. != "" and (startswith("#") | not)) | split("\t"));
def licence: if contains(" ") then {expression: .} else {license: {id: .}} end;

# A row of packages.tsv. Scanners find the vulnerabilities of a Debian package by its source package, after which the folder is named.
def debian:
  . as [$use, $arch, $suite, $name, $version, $sha256, $path, $licence]
  | ($path | split("/")[-2]) as $source
  | "pkg:deb/debian/\($name)@\($version | @uri)?arch=\($arch)&distro=\($suite)&upstream=\($source)" as $purl
  | {type: "library", "bom-ref": $purl, name: $name, version: $version, scope: "required", hashes: [{alg: "SHA-256", content: $sha256}],
     licenses: [$licence | licence], purl: $purl};

def runtime:
  . as [$name, $version, $sha512]
  | "pkg:nuget/Microsoft.NETCore.App.Runtime.NativeAOT.\($name)@\($version)" as $purl
  | {type: "framework", "bom-ref": $purl, name: "Microsoft.NETCore.App.Runtime.NativeAOT.\($name)", version: $version, scope: "required",
     hashes: [{alg: "SHA-512", content: $sha512}], licenses: [{license: {id: "MIT"}}], purl: $purl};

def own($type; $name; $description):
  {type: $type, "bom-ref": "\($name)@\($version)", name: $name, version: $version, description: $description, scope: "required",
   licenses: [{license: {id: "Apache-2.0"}}]};

def runtime_of($arch): {amd64: "linux-x64", arm64: "linux-arm64"}[$arch];
# What a program has in it: libbpf, which is built from its source, and what it is linked with of the sysroot. Of glibc that are
# the first instructions and, in the program of the container image, which is static, all that is called.
def linked: .[0] == "source" or (.[0] == "sysroot" and (.[3] | endswith("-dev") and . != "linux-libc-dev"));
def is_for($arch): .[1] == $arch or .[1] == "source";
def carried: .[0] == "module";

($packages | rows) as $debian
| ($runtimes | rows) as $nativeaot
| (["amd64", "arm64"] | map({arch: ., program: own("application"; "exitsnoop-\(runtime_of(.))"; "the console program, which is also in the module's package")})) as $programs
| own("library"; "ExitSnoop.psd1"; "the PowerShell module") as $shell_module
| (["amd64", "arm64"] | map({arch: ., program: own("container"; "exitsnoop-\(runtime_of(.))-image"; "the container image, which has the program in it, linked statically")})) as $images
| ([$console[0], $powershell[0]] | map(.components[]) | map(select(.purl // "" | startswith("pkg:nuget/"))) | unique_by(.purl)) as $nuget
| {
    bomFormat: "CycloneDX", specVersion: $console[0].specVersion, version: 1,
    metadata: {
      timestamp: $date, tools: $console[0].metadata.tools,
      component: {type: "application", "bom-ref": "ExitSnoop@\($version)", name: "ExitSnoop", version: $version, licenses: [{license: {id: "Apache-2.0"}}]}
    },
    components: (
      [$programs[].program, $shell_module, $images[].program]
      + ($debian | map(select(linked or carried)) | map(debian))
      + ($nativeaot | map(runtime)) + $nuget),
    dependencies: (
      [{ref: "ExitSnoop@\($version)", dependsOn: [$programs[].program["bom-ref"], $shell_module["bom-ref"], $images[].program["bom-ref"]]}]
      + ($programs | map(.arch as $arch | {
          ref: .program["bom-ref"],
          dependsOn: (($debian | map(select(linked and is_for($arch))) | map(debian["bom-ref"]))
            + ($nativeaot | map(select(.[0] == runtime_of($arch))) | map(runtime["bom-ref"])))}))
      + [{ref: $shell_module["bom-ref"], dependsOn: (($debian | map(select(carried)) | map(debian["bom-ref"])) + [$programs[].program["bom-ref"]])}]
      + ($images | map(.arch as $arch | {
          ref: .program["bom-ref"],
          dependsOn: ($programs | map(select(.arch == $arch)) | map(.program["bom-ref"]))}))
    )
  }
