import Foundation

/// The report as one page that needs nothing else: no other file, no network.
package struct Page {
  private let results: Results
  private let views: [PictureView]
  private let firstRate: Double

  /// Makes a page of results and of the pictures to show.
  ///
  /// - Parameter firstRate: the rate that pictures are shown at first.
  package init(results: Results, views: [PictureView], firstRate: Double) {
    self.results = results
    self.views = views
    self.firstRate = firstRate
  }

  /// The whole HTML file.
  package func html() throws -> [UInt8] {
    let scripts = [
      PackageResources.common_js, PackageResources.chart_js, PackageResources.savings_js,
      PackageResources.viewer_js, PackageResources.numbers_js,
    ].map { "<script>\n\(HTML.resource($0))\n</script>\n" }.joined()
    let page = """
      <!doctype html>
      <html lang="en">
      \(head)
      <body>
      \(masthead)
      \(filters)
      <main>
      \(warning)\(curves)
      \(savings)
      \(views.isEmpty ? "" : pictures)
      \(numbers)
      \(method)
      </main>
      <script type="application/json" id="results">\(try Self.json(results))</script>
      <script type="application/json" id="views">\(try Self.json(views))</script>
      \(scripts)</body>
      </html>

      """
    return Array(page.utf8)
  }

  private var title: String {
    let others = results.methods.filter { !$0.name.hasPrefix(Results.own) }.map(\.title)
    return others.isEmpty ? "gqimg" : "gqimg beside \(Self.list(others))"
  }

  private var head: String {
    let colours = results.methods.map { method in
      let palette = MethodPalette.of(method.name)
      return "  --method-\(method.name): light-dark(\(palette.light), \(palette.dark));\n"
    }.joined()
    return """
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
      <meta name="color-scheme" content="light dark">
      <link rel="icon" href="data:,">
      <title>\(HTML.escaped(title))</title>
      <style>
      :root {
      \(colours)}
      \(HTML.resource(PackageResources.page_css))
      </style>
      </head>
      """
  }

  private var masthead: String {
    let rates = Self.list(results.rates.map { "\($0)" })
    let version = results.methods.first { $0.name == Results.own }?.version ?? ""
    return """
      <header class="masthead">
        <div>
          <p class="eyebrow">Rate and distortion</p>
          <h1>\(HTML.escaped(title))</h1>
          <p class="lead">\(Self.count(results.pictures.count, "picture")) at \(rates) bits per pixel.</p>
          <p class="lead">gqimg \(HTML.escaped(version))</p>
        </div>
        <button class="button" id="theme-toggle" type="button">
          <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true"><circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor"/></svg>
          <span id="theme-name">Theme</span>
        </button>
      </header>
      """
  }

  private var filters: String {
    let pictures = views.isEmpty ? "" : "<a href=\"#pictures\">Pictures</a>"
    return """
      <div class="filters" id="filters">
        <div class="chips" id="codec-filter" role="group" aria-label="Codecs"></div>
        <label class="field">Picture <select id="picture-filter"></select></label>
        <nav aria-label="Sections">
          <a href="#curves">Curves</a><a href="#savings">Savings</a>\(pictures)<a href="#numbers">Numbers</a><a href="#method">Method</a>
        </nav>
      </div>
      """
  }

  private var warning: String {
    results.busyWarning.map { "<p class=\"warning\" role=\"note\">\(HTML.escaped($0))</p>\n" } ?? ""
  }

  private let curves = """
    <section id="curves" aria-labelledby="curves-title">
      <div class="section-head">
        <h2 id="curves-title">Quality against rate</h2>
        <div class="controls">
          <div class="segments" id="metric" role="radiogroup" aria-label="Quality"></div>
          <div class="segments" id="axis" role="radiogroup" aria-label="Rate axis"></div>
        </div>
      </div>
      <div class="card">
        <div class="chart" id="chart" tabindex="0" role="img" aria-label="Curves of quality against bits per pixel"></div>
        <p class="note" id="chart-note"></p>
      </div>
    </section>
    """

  private var savings: String {
    let rates = [results.rates.min(), results.rates.max()].compactMap { $0 }.map { "\($0)" }
    return """
      <section id="savings" aria-labelledby="savings-title">
        <div class="section-head"><h2 id="savings-title">Bits at equal quality</h2></div>
        <div class="card">
          <p class="note first">How much larger (to the right) or smaller (to the left) gqimg's files are than those of another codec
            at the same quality: Bjøntegaard's delta rate of each picture, then the mean, from files of
            \(rates.joined(separator: " to ")) bits per pixel, interpolated by PCHIP over the qualities that both codecs reach.</p>
          <div class="scroll"><table class="bars" id="savings-table"></table></div>
          <p class="note" id="savings-note"></p>
        </div>
      </section>
      """
  }

  private var pictures: String {
    let background =
      views.contains { $0.hasAlpha }
      ? """
      <div class="segments" id="background" role="radiogroup" aria-label="Background"></div>
      """ : ""
    return """
      <section id="pictures" aria-labelledby="pictures-title" data-first-rate="\(firstRate)">
        <div class="section-head">
          <h2 id="pictures-title">Side by side</h2>
          <span class="hint">\(views.count) of \(Self.count(results.pictures.count, "picture")), the worst by gqimg's SSIMULACRA2 first</span>
        </div>
        <div class="card">
          <div class="thumbnails" id="thumbnails" role="group" aria-label="Pictures, the worst first"></div>
          <div class="viewer-controls">
            <label class="field rate">Rate <input type="range" id="rate" min="0" step="1"> <output id="rate-value" for="rate"></output></label>
            <label class="field">Left <select id="left-version"></select></label>
            <label class="field">Right <select id="right-version"></select></label>
            <div class="segments" id="overlay" role="radiogroup" aria-label="Map"></div>
            \(background)
            <button class="button" id="flicker" type="button" aria-pressed="false">Flicker</button>
            <div class="buttons" role="group" aria-label="Zoom">
              <button class="button" id="zoom-out" type="button" aria-label="Zoom out">−</button>
              <output id="zoom-value">100 %</output>
              <button class="button" id="zoom-in" type="button" aria-label="Zoom in">+</button>
              <button class="button" id="zoom-pixels" type="button" title="One pixel of the picture for one of the page">1:1</button>
              <button class="button" id="zoom-fit" type="button">Fit</button>
            </div>
          </div>
          <div class="legend" id="overlay-legend" hidden></div>
          <div class="stage" id="stage">
            <div class="layer" id="right-layer"><div class="sheet"><img alt=""><canvas></canvas></div></div>
            <div class="layer" id="left-layer"><div class="sheet"><img alt=""><canvas></canvas></div></div>
            <div class="layer" id="mark-layer"><div class="sheet"><div class="crop-mark" id="crop-mark"></div></div></div>
            <div class="divider" aria-hidden="true"><span></span></div>
            <input type="range" id="split" min="0" max="100" step="0.1" value="50" aria-label="Position of the divider">
          </div>
          <div class="captions">
            <p id="left-tag"></p>
            <p id="right-tag"></p>
          </div>
          <p class="note">Drag the divider to compare. Ctrl and the wheel, two fingers or the buttons zoom, and then dragging moves both pictures
            together. A double-click enlarges another place below. \(HTML.escaped(viewNote))</p>
          <div class="columns">
            <div>
              <div class="section-head inner">
                <h3 id="crops-title">Enlarged</h3>
                <button class="button" id="worst" type="button">Where gqimg errs most</button>
              </div>
              <div class="crops" id="crops"></div>
            </div>
            <div>
              <div class="section-head inner"><h3 id="own-title">This picture's curve</h3></div>
              <div class="chart" id="own-chart" role="img" aria-labelledby="own-title"></div>
            </div>
          </div>
          <div class="section-head inner"><h3>Coded files of this picture at this rate</h3></div>
          <div class="downloads" id="downloads"></div>
        </div>
      </section>
      """
  }

  private let numbers = """
    <section id="numbers" aria-labelledby="numbers-title">
      <div class="section-head">
        <h2 id="numbers-title">All numbers</h2>
        <div class="controls">
          <div class="segments" id="table-mode" role="radiogroup" aria-label="Rows"></div>
          <div class="segments" id="table-topic" role="radiogroup" aria-label="Columns"></div>
          <label class="field">Rate <select id="rate-filter"></select></label>
          <label class="field narrow">Sort by <select id="sort"></select></label>
        </div>
      </div>
      <div class="card flush">
        <div class="scroll tall"><table class="numbers" id="numbers-table"><thead></thead><tbody></tbody></table></div>
      </div>
      <p class="note" id="table-note"></p>
    </section>
    """

  private var method: String {
    let leftOut = results.leftOut.map {
      "<p class=\"left-out\">Left out: <b>\(HTML.escaped($0.name))</b>: \(HTML.escaped($0.reason))</p>\n"
    }.joined()
    let codecs = results.methods.map { method in
      """
      <tr><td data-title="Codec"><span class="swatch" style="background: var(--method-\(method.name))"></span>\(HTML.escaped(method.title))</td>\
      <td data-title="Version">\(HTML.escaped(method.version))\(method.note.map { "<p class=\"old\">\(HTML.escaped($0))</p>" } ?? "")</td>\
      <td data-title="Settings"><code>\(HTML.escaped(method.options))</code></td>\
      <td data-title="Times of">\(method.timing == .process ? "whole processes" : "the codec alone")</td></tr>

      """
    }.joined()
    let butteraugli =
      results.has(.butteraugli)
      ? " Butteraugli is its 3-norm at 80 nits by libjxl's butteraugli_main, 0 for equal pictures and drawn upside down."
      : ""
    let alpha =
      results.pictures.contains { $0.hasAlpha }
      ? " Pictures with alpha are compared on black and on white, and the worse number counts." : ""
    return """
      <section id="method" aria-labelledby="method-title">
        <div class="section-head"><h2 id="method-title">How it was measured</h2></div>
        <div class="card prose">
          \(leftOut)<p>Every codec made the largest file that is not above the asked size, found by bisection over its quality
            setting; gqimg is told the size. Codecs that are told a quality stay below it, each by another bit, so means and their
            curves are at the very rate: every picture's curve is interpolated by PCHIP over the logarithm of the rate, between that
            file and the next larger one. A mean is over all pictures or there is none.</p>
          <p>SSIMULACRA2 is 100 for the same picture, 90 visually lossless, 70 high quality.\(butteraugli) PSNR is over all samples
            of RGB, PSNR-Y over BT.601 luma, SSIM and MS-SSIM are means over R, G and B, in dB as −10 log₁₀(1 − value). The
            SSIMULACRA2 map shows for each square of 8 × 8 pixels the score of a picture that was everywhere like it.\(alpha)</p>
          \(timing)
          <div class="scroll"><table class="plain"><thead><tr><th>Codec</th><th>Version</th><th>Settings</th><th>Times of</th></tr></thead><tbody>
      \(codecs)      </tbody></table></div>
        </div>
      </section>
      """
  }

  private var timing: String {
    guard let timing = results.timing else { return "<p>No times were taken.</p>" }
    let machine = timing.machine
    let load = timing.loadAverage.map { String(format: "%.2f", $0) } ?? "unknown"
    let warning = results.busyWarning.map { "<p class=\"warning\">\(HTML.escaped($0))</p>" } ?? ""
    return """
      <p>Times are medians of \(Self.count(timing.runs, "run")) of the very files that the scores are of, at the same settings and
            effort, one at a time. Those of the codec alone are from pixels in memory to bytes in memory and back; those of whole
            processes from PNG file to file and back. Processor time is that of all cores together.</p>
          <dl class="machine" id="machine">
            <div><dt>Processor</dt><dd>\(HTML.escaped(machine.processor))</dd></div>
            <div><dt>Cores</dt><dd>\(machine.cores)</dd></div>
            <div><dt>Threads of gqimg and of libraries</dt><dd>\(machine.threads)</dd></div>
            <div><dt>Load when the report was made</dt><dd>\(load)</dd></div>
            <div><dt>System</dt><dd>\(HTML.escaped(machine.system))</dd></div>
          </dl>
          \(warning)
      """
  }

  /// What the pictures of the page are.
  private var viewNote: String {
    let versions = views.flatMap(\.rates).flatMap(\.versions)
    func titles(_ isCodedFile: Bool) -> [String] {
      results.methods.filter { method in
        versions.contains { $0.method == method.name && $0.isCodedFile == isCodedFile }
      }.map(\.title)
    }
    let (coded, decoded) = (titles(true), titles(false))
    return
      (coded.isEmpty
      ? "" : "\(Self.list(coded)): the coded files themselves, decoded by this browser. ")
      + "The original\(decoded.isEmpty ? "" : " and what \(Self.list(decoded)) decoded") "
      + "as PNG or as JPEG of quality 95 without subsampling."
  }

  /// JSON that may stand in a script element.
  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
      .replacingOccurrences(of: "<", with: "\\u003c")
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// Names with commas and an "and".
  private static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
