import GQCodec
import GQPixelIO
import Hummingbird
import HummingbirdTesting
import Server
import Testing

struct ServerTests {
  static let picture = Picture(
    width: 64, height: 48, colorType: .rgb,
    samples: (0..<64 * 48 * 3).map { UInt8($0 / 192 * 4) })

  @Test func picturesBecomeFiles() async throws {
    let png = try Self.picture.serialized(as: .png)
    try await Application(router: Server.router()).test(.router) { client in
      try await client.execute(
        uri: "/compress?quality=75", method: .post, body: ByteBuffer(bytes: png)
      ) { response in
        #expect(response.status == .ok)
        let decoded = try GQDecoder().decode(Array(response.body.readableBytesView))
        #expect(decoded.width == 64 && decoded.height == 48)
        let differences = zip(decoded.samples, Self.picture.samples).map { abs(Int($0) - Int($1)) }
        #expect(differences.reduce(0, +) < 4 * differences.count)
      }
    }
  }

  @Test func otherBytesAreRefused() async throws {
    try await Application(router: Server.router()).test(.router) { client in
      try await client.execute(
        uri: "/compress", method: .post, body: ByteBuffer(string: "no picture")
      ) { response in
        #expect(response.status == .unprocessableContent)
      }
    }
  }
}
