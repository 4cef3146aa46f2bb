import GQCodec
import GQPixelIO
import Hummingbird
import Metrics

/// A web server that makes .gqz of PNG, JPEG, WebP and Netpbm pictures: `POST /compress?quality=75`.
public enum Server {
  /// The most bytes of a picture file.
  static let maxBytes = 32 << 20

  /// The application's routes.
  public static func router() throws -> Router<BasicRequestContext> {
    let encoder = try GQEncoder()
    let encoded = Counter(label: "pictures_encoded")
    let router = Router()
    router.post("compress") { request, _ in
      let body = try await request.body.collect(upTo: maxBytes)
      let quality = request.uri.queryParameters["quality"].flatMap { Double($0) } ?? 75
      guard (0...100).contains(quality) else { throw HTTPError(.badRequest) }
      let file: [UInt8]
      do {
        let picture = try Picture(parsing: Array(body.readableBytesView))
        file = try await encoder.encode(
          picture, with: GQEncoder.Options(target: .quality(quality)))
      } catch let error as GQError {
        throw HTTPError(.unprocessableContent, message: error.description)
      }
      encoded.increment()
      return Response(
        status: .ok, headers: [.contentType: "image/x-gqz"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: file)))
    }
    return router
  }
}
