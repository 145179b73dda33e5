// The demo's pages in headless Chromium.
import { chromium } from "../browser.mjs";
import { testBrowser } from "./browser_pages.mjs";

testBrowser("chromium", chromium);
