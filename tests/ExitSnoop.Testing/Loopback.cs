using System.Net;
using System.Net.Sockets;

namespace ExitSnoop.Testing;

/// <summary>Servers on the loopback address.</summary>
internal static class Loopback
{
    /// <summary>A port that is not in use.</summary>
    internal static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
