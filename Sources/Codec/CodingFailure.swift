package import GQBitstream
package import GQModel

#if hasFeature(Embedded)
  package import GaussianQuant
#else
  import GaussianQuant
#endif

#if hasFeature(Embedded)
  /// What ends decoding. Embedded Swift has no errors of any type, so one type holds those of all stages; elsewhere they are
  /// thrown as they are.
  package enum CodingFailure: Error {
    /// A damaged file.
    case bitstream(BitstreamError)
    /// A damaged model.
    case model(ModelError)
    /// A file that does not fit the model, or a bad option.
    case codec(CodecError)
    /// A quantizer that cannot be made.
    case quantizer(GaussianQuantError)

    /// One sentence for people.
    package var description: String {
      switch self {
      case .bitstream(let error): error.description
      case .model(let error): error.description
      case .codec(let error): error.description
      case .quantizer(let error): error.description
      }
    }
  }
#else
  /// What ends decoding: the errors of all stages as they are. Embedded Swift has one type for them.
  package typealias CodingFailure = any Error
#endif

/// An error of one of the stages.
protocol StageError: Error {
  /// The same as what the whole of decoding throws.
  var failure: CodingFailure { get }
}

#if hasFeature(Embedded)
  extension BitstreamError: StageError { var failure: CodingFailure { .bitstream(self) } }
  extension ModelError: StageError { var failure: CodingFailure { .model(self) } }
  extension CodecError: StageError { var failure: CodingFailure { .codec(self) } }
  extension GaussianQuantError: StageError { var failure: CodingFailure { .quantizer(self) } }
#else
  extension StageError { var failure: CodingFailure { self } }
  extension BitstreamError: StageError {}
  extension ModelError: StageError {}
  extension CodecError: StageError {}
  extension GaussianQuantError: StageError {}
#endif

/// Calls a stage, and throws its error as that of decoding.
func stage<Value, Failure: StageError>(
  _ body: () throws(Failure) -> Value
) throws(CodingFailure) -> Value {
  do { return try body() } catch { throw error.failure }
}
