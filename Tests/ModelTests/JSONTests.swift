import Testing

@testable import GQModel

/// JSON from outside, read without Foundation.
struct JSONTests {
  private func parsed(_ text: String) throws -> JSON { try JSON(parsing: text.utf8) }

  @Test func valuesComeBack() throws {
    let value = try parsed(
      #" {"a" : [1, -2, 3.5, 1e3, -0.25E-2, 9223372036854775807], "b":{"c":null,"d":true,"e":false}, "f":"g"} "#
    )
    let members = try #require(value.object)
    #expect(
      members["a"]?.array?.map { $0.double }
        == [1, -2, 3.5, 1000, -0.0025, 9_223_372_036_854_775_807])
    #expect(members["a"]?.array?[5].integer == 9_223_372_036_854_775_807)
    #expect(members["f"]?.text == "g")
    #expect(Set(try #require(members["b"]?.object).keys) == ["c", "d", "e"])
  }

  @Test(arguments: [1.04, 1.11, 0.1, 2.6, 123_456.789, 1e-7, 1.5e300, 2.5e-300, 0.3])
  func numbersComeBack(_ number: Double) throws {
    let found = try #require(try parsed("[\(number)]").array?[0].double)
    #expect(abs(found - number) <= 16 * number.ulp)
    // Those that a model's configuration has are exact.
    if (1e-3..<1e6).contains(number) { #expect(found == number) }
  }

  @Test func escapes() throws {
    #expect(
      try parsed(#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é""#).text
        == "\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1F600}é")
    let odd = "a\"b\\c\u{1}\u{1F600}"
    #expect(try parsed(JSON.quoted(odd)).text == odd)
  }

  @Test(arguments: [
    "", " ", "{", "[", "]", "{]", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{1:2}", "01", "-", "1.", ".5",
    "1e",
    "+1", "nul", "tru", "NaN", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
    "\"\\ud800\\u0041\"", "\"\u{1}\"", "1 2", "{\"a\":1,\"a\":2}", "[1}",
  ])
  func whatIsNoJSONIsRefused(_ text: String) {
    #expect(throws: JSON.Malformed.self) { try JSON(parsing: text.utf8) }
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try parsed(nested(JSON.maximumDepth))
    #expect(throws: JSON.Malformed.self) { try parsed(nested(JSON.maximumDepth + 1)) }
    #expect(throws: JSON.Malformed.self) { try parsed(nested(1_000_000)) }
  }

  @Test func anyBytesEnd() {
    var state: UInt32 = 1
    for count in 0..<400 {
      let bytes = (0..<count % 40).map { _ -> UInt8 in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Array("{}[]\",:0123eE+-.\\ua truefalsn".utf8)[Int(state >> 24) % 30 % 29]
      }
      _ = try? JSON(parsing: bytes)
    }
  }
}
