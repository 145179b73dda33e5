// The demo's pages in headless Firefox, over WebDriver BiDi: Debian's build, not a patched one.
import { testBrowser } from "./browser_pages.mjs";

testBrowser("firefox", {
  browser: "firefox",
  executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
  extraPrefsFirefox: { "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false },
});
