package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The page of a run in a real browser. */
class ReportPageTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));

  @TempDir static Path folder;
  private static Path run = Path.of("");
  private static Browser browser;

  @BeforeAll
  static void makeARunAndItsPage() {
    Assumptions.assumeTrue(Browser.available(), "there is no Chromium with its driver here");
    run = folder.resolve("run <b>");
    cotrace(
        "discover",
        "--model",
        ROOT.resolve("models/arithmetic") + "",
        "--task",
        ROOT.resolve("models/tasks/arithmetic-sum.jsonl") + "",
        "--limit",
        "6",
        "--points",
        "15",
        "--rollouts",
        "4",
        "--bins",
        "step",
        "--reference",
        "sentences",
        "--out",
        run + "");
    cotrace("evaluate", run + "", "--sizes", "5%,20%,50%,100%", "--knockouts", "0");
    cotrace("verify", run + "", "--top", "4");
    cotrace("report", run + "");
    browser = Browser.open(folder);
  }

  @BeforeEach
  void open() {
    Assumptions.assumeTrue(Browser.available(), "there is no Chromium with its driver here");
    browser.resize(1280, 900);
    browser.go(page());
  }

  /** Whatever a test does, nothing is complained of and nothing is asked of a network. */
  @AfterEach
  void nothingIsComplainedOfOrAskedFor() {
    if (browser != null) {
      assertThat(browser.complaints()).isEmpty();
      assertThat(browser.requests()).isEmpty();
    }
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
    }
  }

  private static String page() {
    return run.resolve("report.html").toUri().toString();
  }

  private static void cotrace(String... arguments) {
    StringWriter err = new StringWriter();
    int code =
        Main.commandLine(new Interruption())
            .setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    assertThat(code).as(Arrays.toString(arguments) + err).isZero();
  }

  @Test
  void itFitsInFiveMegabytesAndShowsWhatTheRunFound() throws IOException {
    assertThat(Files.size(run.resolve("report.html"))).isLessThan(5_000_000);
    assertThat(browser.find("h1").getText()).isEqualTo("run <b>");
    JsonNode metrics = new JsonMapper().readTree(Files.readString(run.resolve("metrics.json")));
    assertThat(browser.find("#completeness").getText())
        .contains(metrics.get("completeness").stringValue());
    assertThat(browser.all("main figure svg")).hasSizeGreaterThanOrEqualTo(8);
    browser.picture("report", 1280);
    browser.press("#theme");
    browser.picture("report-dark", 1280);
    browser.press("#theme");
  }

  @Test
  void theCircuitOfTheRunIsShownFirstWithItsOwnFaithfulness() throws IOException {
    JsonNode metrics = new JsonMapper().readTree(Files.readString(run.resolve("metrics.json")));
    int size = metrics.at("/circuit/edges").asInt();
    assertThat(browser.all("#circuit path[data-edge]")).hasSize(size);
    assertThat(browser.find("#only").isSelected()).isTrue();
    assertThat(browser.find("#size-told").getText())
        .startsWith(size + " of 479 edges")
        .contains("the run's circuit, whose measured faithfulness is");
    browser.press("#only");
    assertThat(browser.find("#size-told").getText())
        .contains("some of its edges may be others than these");
  }

  @Test
  void theTranscriptShownIsNamedAndMarkedInTheList() {
    WebElement marked = browser.find("#transcripts .list [aria-pressed=true]");
    String title = marked.getText().lines().findFirst().orElseThrow();
    assertThat(browser.find("#text h3").getText()).isEqualTo("F = " + title);
    List<WebElement> buttons = browser.all("#transcripts .list button");
    browser.run("arguments[0].click()", buttons.getLast());
    assertThat(browser.all("#transcripts .list [aria-pressed=true]")).hasSize(1);
    String last =
        browser.all("#transcripts .list button").getLast().getText().lines().findFirst().orElse("");
    assertThat(browser.find("#text h3").getText()).isEqualTo("F = " + last);
  }

  @Test
  void theSliderSaysHowManyEdgesThereAreAndWhatWasMeasuredThere() {
    browser.set("#size", "0");
    assertThat(browser.find("#size-told").getText()).startsWith("1 of 479 edges, |score| ≥ ");
    assertThat(browser.all("#circuit path[data-edge]")).hasSize(1);
    browser.set("#size", "1000");
    assertThat(browser.find("#size-told").getText())
        .startsWith("479 of 479 edges")
        .contains("measured faithfulness of a circuit of this size: 1");
    assertThat(browser.all("#circuit path[data-edge]")).hasSize(479);
  }

  @Test
  void hoveringOverAnEdgeTellsItsScoresWithErrors() {
    browser.hover("#circuit path[data-edge]:last-of-type");
    assertThat(browser.find("#tip").getText())
        .containsPattern("through the words: \\S+ ± \\S+")
        .containsPattern("around the words: \\S+ ± \\S+")
        .containsPattern("q-value: \\S+");
  }

  @Test
  void aPressedComponentShowsWhatItReadsAndWhatReadsItAndLeadsOn() {
    browser.press("#circuit g[data-node='m0']");
    assertThat(browser.find("#panel h3").getText()).isEqualTo("m0");
    assertThat(browser.find("#panel").getText()).contains("Inputs", "Outputs", "Acts at", "±");
    browser.press("#panel table button.link");
    assertThat(browser.find("#panel").getText()).contains("m0");
    String first = browser.all("#panel table").get(2).findElement(by("button.link")).getText();
    browser.run(
        "arguments[0].click()", browser.all("#panel table").get(2).findElement(by("button.link")));
    assertThat(first).startsWith(browser.find("#panel h3").getText());
  }

  @Test
  void pinnedComponentsAreDrawnAsOneGroup() {
    for (String name : List.of("a0.h2", "a0.h3")) {
      browser.press("#circuit g[data-node='" + name + "']");
      browser.run(
          "[...document.querySelectorAll('#panel button')].find(b => b.textContent === 'pin').click()");
    }
    browser.set("#panel input[type=text]", "readers");
    browser.run(
        "[...document.querySelectorAll('#panel button')].find(b => b.textContent === 'group them').click()");
    assertThat(browser.all("#circuit g[data-node='readers']")).hasSize(1);
    assertThat(browser.all("#circuit g[data-node='a0.h2']")).isEmpty();
    browser.hover("#circuit g[data-node='readers']");
    assertThat(browser.find("#tip").getText()).isEqualTo("readers: a0.h2, a0.h3");
  }

  @Test
  void theSwitchShowsWhatGoesAroundTheWords() {
    String total = browser.find("#size-told").getText();
    browser.press("#part button[data-value=direct]");
    assertThat(browser.find("#part [aria-checked=true]").getText()).isEqualTo("around the words");
    // On sums nothing goes around the words.
    assertThat(browser.find("#size-told").getText()).isNotEqualTo(total).contains("e−");
  }

  @Test
  void aPressedTokenShowsWhichComponentsActedThere() {
    browser.press("#text .token[data-at='8']");
    assertThat(browser.find("#step").getText())
        .contains("step 0", "advantage", "Components at step 0", "Edges there");
    browser.press("#step table button.link");
    assertThat(browser.find("#panel h3").getText()).isNotEqualTo("Strongest edges");
  }

  @Test
  void theKeyboardReachesComponentsAndTokens() {
    WebElement node = browser.find("#circuit g[data-node='m0']");
    node.sendKeys(Keys.ENTER);
    assertThat(browser.find("#panel h3").getText()).isEqualTo("m0");
    WebElement token = browser.find("#text .token[tabindex='0']");
    token.sendKeys(Keys.ARROW_RIGHT, Keys.ENTER);
    assertThat(browser.find("#text .chosen").getDomAttribute("data-at")).isEqualTo("1");
    WebElement slider = browser.find("#size");
    String before = browser.find("#size-told").getText();
    slider.sendKeys(Keys.PAGE_DOWN);
    assertThat(browser.find("#size-told").getText()).isNotEqualTo(before);
  }

  @Test
  void layersByTimeDrawsEveryBinWithItsOwnEdges() {
    browser.press("#circuit button[data-value=time]");
    assertThat(browser.all("#circuit path[data-edge*=' at prompt']")).isNotEmpty();
    browser.press("#circuit g[data-node]");
    assertThat(browser.find("#panel").getText()).contains("Outputs");
  }

  @Test
  void everyFigureIsExportedWhole() throws Exception {
    export("#circuit", "SVG");
    String svg = Files.readString(browser.downloaded("circuit.svg"));
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(browser.downloaded("circuit.svg").toFile());
    assertThat(svg).contains("data-edge=");
    export("#circuit", "CSV");
    long shown = browser.all("#circuit path[data-edge]").size();
    assertThat(Files.readAllLines(browser.downloaded("circuit.csv"))).hasSize((int) shown + 1);
    export("#components", "PNG");
    assertThat(Files.readAllBytes(browser.downloaded("layers-and-heads.png")))
        .startsWith(0x89, 'P', 'N', 'G')
        .hasSizeGreaterThan(2000);
    export("#faithfulness", "Vega-Lite");
    JsonNode spec =
        new JsonMapper()
            .readTree(Files.readString(browser.downloaded("faithfulness-against-size.vl.json")));
    assertThat(spec.at("/data/values")).hasSizeGreaterThanOrEqualTo(16);
    assertThat(spec.path("$schema").stringValue()).contains("vega-lite");
  }

  @Test
  void everyTableIsExportedWithErrorsInColumnsOfTheirOwn()
      throws IOException, InterruptedException {
    List<String> titles =
        browser.all(".listing h3").stream().map(title -> title.getText()).toList();
    assertThat(titles)
        .containsExactly(
            "Sentences that matter",
            "Areas",
            "Every circuit",
            "What they write",
            "Does each edge matter?");
    for (int i = 0; i < titles.size(); i++) {
      browser.run("document.querySelectorAll('.listing button')[arguments[0]].click()", i);
    }
    List<String> circuits = Files.readAllLines(browser.downloaded("every-circuit.csv"));
    assertThat(circuits).hasSize(1 + 5);
    assertThat(circuits.getFirst())
        .startsWith("circuit,edges,faithfulness,faithfulness stderr,teacher-forced,");
    JsonNode whole =
        new JsonMapper()
            .readTree(Files.readString(run.resolve("evaluation/evaluation.json")))
            .at("/circuits/4/circuit");
    assertThat(circuits.getLast())
        .startsWith("100%%,%d,1,0,".formatted(whole.path("edges").asInt()));
    long sentences = Files.readAllLines(run.resolve("sentences.jsonl")).size();
    assertThat(Files.readAllLines(browser.downloaded("sentences-that-matter.csv")))
        .hasSize((int) sentences + 1)
        .first()
        .isEqualTo("pair,rollout,sentence,text,value,value stderr,importance,importance stderr");
    browser.downloaded("does-each-edge-matter.csv");
  }

  @Test
  void onAPhoneNothingIsWiderThanTheScreen() throws IOException {
    browser.resize(500, 900);
    browser.go(page());
    assertThat(browser.run("return document.documentElement.scrollWidth <= innerWidth"))
        .isEqualTo(true);
    browser.picture("report-phone", 500);
  }

  @Test
  void whatModelsWriteIsTextAndNothingElse() throws IOException {
    Path hostile = folder.resolve("hostile");
    HostileRun.make(run, hostile);
    cotrace("report", hostile + "");
    browser.go(hostile.resolve("report.html").toUri().toString());
    browser.run(
        "[...document.querySelectorAll('.list button')].find(b => b.textContent.includes('pair ' + arguments[0] + '1 ')).click()",
        HostileRun.TEXTS.getFirst());
    assertThat(browser.all("#text .token[data-at]")).hasSizeGreaterThan(HostileRun.LENGTH);
    assertThat(browser.run("return window.owned")).isNull();
    assertThat(browser.all("main script, main img")).isEmpty();
    String prompt = browser.find("#text").getText();
    assertThat(prompt)
        .contains(HostileRun.TEXTS.get(0), HostileRun.TEXTS.get(1), HostileRun.TEXTS.get(3))
        .contains("⟨U+202E⟩right to left⟨U+2066⟩", "⟨U+0000⟩⟨U+0007⟩⟨U+001B⟩[31m⟨U+000D⟩↵")
        .contains("⟨U+D83D⟩", "⟨U+DE00⟩", "⟨U+2028⟩⟨U+2029⟩⟨U+FEFF⟩⟨U+200B⟩")
        .doesNotContain("\u202E", "\u0000", "\u001b", "\uFEFF");
    browser.press("#text .token[data-at='9999']");
    assertThat(browser.find("#step").getText()).contains("position 9999");
    browser.picture("report-hostile", 1280);
  }

  private static void export(String section, String kind) {
    browser.run(
        "[...document.querySelectorAll(arguments[0] + ' .exports button')].find(b => b.textContent === arguments[1]).click()",
        section,
        kind);
  }

  private static By by(String selector) {
    return By.cssSelector(selector);
  }
}
