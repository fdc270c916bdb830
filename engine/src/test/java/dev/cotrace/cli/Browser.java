package dev.cotrace.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** A real Chromium without a window; what it complains of and asks for is remembered. */
final class Browser implements AutoCloseable {
  private static final List<Path> BROWSERS =
      List.of(Path.of("/usr/bin/chromium"), Path.of("/usr/bin/google-chrome"));
  private static final List<Path> DRIVERS = List.of(Path.of("/usr/bin/chromedriver"));
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final ChromeDriver driver;
  private final Path downloads;
  private final Set<String> visited = new HashSet<>();

  private Browser(ChromeDriver driver, Path downloads) {
    this.driver = driver;
    this.downloads = downloads;
  }

  /** Whether there is one on this machine. */
  static boolean available() {
    return BROWSERS.stream().anyMatch(Files::isExecutable)
        && DRIVERS.stream().anyMatch(Files::isExecutable);
  }

  /** A new one that saves what is downloaded to {@code downloads}. */
  static Browser open(Path downloads) {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(first(BROWSERS).toFile());
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        "--force-color-profile=srgb");
    options.setExperimentalOption(
        "prefs",
        Map.of(
            "download.default_directory",
            downloads.toString(),
            "profile.default_content_setting_values.automatic_downloads",
            1));
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    logs.enable(LogType.PERFORMANCE, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder().usingDriverExecutable(first(DRIVERS).toFile()).build();
    Browser browser = new Browser(new ChromeDriver(service, options), downloads);
    browser.resize(1280, 900);
    return browser;
  }

  private static Path first(List<Path> candidates) {
    return candidates.stream().filter(Files::isExecutable).findFirst().orElseThrow();
  }

  void resize(int width, int height) {
    driver.manage().window().setSize(new Dimension(width, height));
  }

  void go(String address) {
    visited.add(address);
    driver.get(address);
  }

  WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  /** Presses what {@code selector} finds, wherever it is on the page. */
  void press(String selector) {
    driver.executeScript("arguments[0].scrollIntoView({block: 'center'})", find(selector));
    driver.executeScript(
        "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", find(selector));
  }

  /** Puts {@code value} into an input as its user would, who is told of by an event. */
  void set(String selector, String value) {
    driver.executeScript(
        "arguments[0].value = arguments[1];"
            + "arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"
            + "arguments[0].dispatchEvent(new Event('change', {bubbles: true}))",
        find(selector),
        value);
  }

  /** The value of a script. */
  @Nullable Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /** Moves the pointer over what {@code selector} finds. */
  void hover(String selector) {
    driver.executeScript(
        "const box = arguments[0].getBoundingClientRect();"
            + "arguments[0].dispatchEvent(new PointerEvent('pointermove',"
            + " {bubbles: true, clientX: box.x + 1, clientY: box.y + 1}))",
        find(selector));
  }

  /** Waits until a file called {@code name} is complete among the downloads. */
  Path downloaded(String name) {
    Path file = downloads.resolve(name);
    new WebDriverWait(driver, PATIENCE).until(_ -> Files.isRegularFile(file));
    return file;
  }

  /** Waits until {@code selector} finds something that says {@code text}. */
  void await(String selector, String text) {
    new WebDriverWait(driver, PATIENCE)
        .ignoring(StaleElementReferenceException.class) // The page is drawn anew meanwhile.
        .until(_ -> all(selector).stream().anyMatch(element -> element.getText().contains(text)));
  }

  /** Errors and warnings on the console since the last time this was asked. */
  List<String> complaints() {
    return logged(LogType.BROWSER).map(LogEntry::getMessage).toList();
  }

  /** Addresses that pages asked for since the last time, but for themselves and their blobs. */
  List<String> requests() {
    return logged(LogType.PERFORMANCE)
        .map(LogEntry::getMessage)
        .filter(message -> message.contains("\"Network.requestWillBeSent\""))
        .map(message -> message.replaceAll("(?s).*\"request\":\\{.*?\"url\":\"([^\"]*)\".*", "$1"))
        .filter(
            url -> !visited.contains(url) && !url.startsWith("blob:") && !url.startsWith("data:"))
        .toList();
  }

  private Stream<LogEntry> logged(String type) {
    return driver.manage().logs().get(type).getAll().stream();
  }

  /** Keeps a picture of the whole page at {@code width}, for people to look at. */
  void picture(String name, int width) throws IOException {
    resize(width, 900);
    int height = find("html").getSize().getHeight();
    resize(width, Math.min(height + 150, 9000));
    Path folder = Files.createDirectories(Path.of("target", "screenshots"));
    Files.write(folder.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    resize(1280, 900);
  }

  @Override
  public void close() {
    driver.quit();
  }
}
