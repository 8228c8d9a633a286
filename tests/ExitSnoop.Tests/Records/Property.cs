using FsCheck;
using FsCheck.Fluent;

namespace ExitSnoop.Tests.Records;

/// <summary>Checks a property with random values. If it fails, FsCheck reports the seed.</summary>
internal static class Property
{
    internal static void Holds<T>(Gen<T> values, Action<T> body, int times = 2000) =>
        Prop.ForAll(values.ToArbitrary(), body).Check(Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess(true));

    internal static void Holds<T>(Action<T> body, int times = 200) =>
        Prop.ForAll(ArbMap.Default.ArbFor<T>(), body).Check(Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess(true));
}
