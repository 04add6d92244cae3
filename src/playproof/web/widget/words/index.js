// The languages of the widget. English is here at once; each other one is fetched where it is wanted.

import { WORDS } from "./en.js";

const OTHERS = {
  ar: () => import("./ar.js"),
  de: () => import("./de.js"),
  es: () => import("./es.js"),
  fr: () => import("./fr.js"),
  he: () => import("./he.js"),
  it: () => import("./it.js"),
  ja: () => import("./ja.js"),
  nl: () => import("./nl.js"),
  pl: () => import("./pl.js"),
  pt: () => import("./pt.js"),
  ru: () => import("./ru.js"),
  tr: () => import("./tr.js"),
  uk: () => import("./uk.js"),
  zh: () => import("./zh.js"),
};
const RIGHT_TO_LEFT = ["ar", "he"];

/** The languages there are, by the first part of their tag (BCP 47). */
export const LANGUAGES = Object.freeze(["en", ...Object.keys(OTHERS)].sort());

/**
 * The language a widget speaks.
 *
 * @param {string} said The attribute: a tag, or `auto` for that of the page around `element`, else of the browser.
 * @param {Element} element
 * @returns {string} one of `LANGUAGES`
 */
export function languageOf(said, element) {
  const around = element.closest("[lang]")?.getAttribute("lang");
  const wanted = said && said !== "auto" ? [said] : [around, ...navigator.languages];
  const known = (tag) => tag && LANGUAGES.find((language) => language === tag.toLowerCase().split(/[-_]/)[0]);
  return wanted.map(known).find(Boolean) ?? "en";
}

/** @returns {"rtl" | "ltr"} */
export function directionOf(language) {
  return RIGHT_TO_LEFT.includes(language) ? "rtl" : "ltr";
}

/**
 * The words of a language; English ones where they cannot be had.
 *
 * @param {string} language
 * @returns {Promise<{language: string, words: typeof WORDS, games: object}>} `games` holds those of the games, empty for English
 */
export async function wordsOf(language) {
  const load = OTHERS[language];
  if (load) {
    try {
      const { WORDS: words, GAMES: games } = await load();
      return { language, words, games };
    } catch {
      // said in English then, which is better than not at all
    }
  }
  return { language: "en", words: WORDS, games: {} };
}
