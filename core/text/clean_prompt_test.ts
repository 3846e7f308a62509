import assert from "node:assert/strict";
import { readGoldenJson } from "../../tests/fixtures/golden.ts";
import { cleanPrompt } from "./clean_prompt.ts";
import { unescapeHtml } from "./html_entities.ts";
import { fixMojibake } from "./mojibake.ts";

const { cases } = readGoldenJson<{ cases: [text: string, clean: string][] }>(
  "clean_prompt/cases.json",
);

Deno.test("cleanPrompt() cleans as ftfy and html.unescape do", () => {
  for (const [text, clean] of cases) {
    assert.equal(cleanPrompt(text), clean, JSON.stringify(text));
  }
  console.log(`cleanPrompt: ${cases.length} texts are equal`);
});

Deno.test("cleanPrompt() has nothing to do twice", () => {
  for (const [text, clean] of cases) {
    if (!/[&<]/.test(text)) assert.equal(cleanPrompt(clean), clean);
  }
});

Deno.test("cleanPrompt() unescapes twice where there is markup, and as often as it can before", () => {
  // ftfy leaves a line with < alone, and all lines after it.
  assert.equal(cleanPrompt("<b> &amp;amp;amp; c"), "<b> &amp; c");
  assert.equal(cleanPrompt("&amp;amp;amp;amp; c"), "& c");
  assert.equal(cleanPrompt("<\n&amp;amp;amp; c"), "< &amp; c");
});

Deno.test("cleanPrompt() joins lines and forgets lone surrogates", () => {
  assert.equal(
    cleanPrompt("a dog\r\n\u2003runs\ud800\u0085 home"),
    "a dog runs\ufffd… home",
  );
});

Deno.test("fixMojibake() undoes each encoding's reading of UTF-8", () => {
  const readings: [string, string][] = [
    ["windows-1251", "Привет, déjà vu"],
    ["windows-1250", "Příliš žluťoučký"],
    ["windows-1253", "Καλημέρα – ναι"],
    ["macintosh", "Größe, Übermut"],
    ["windows-1252", "日本の朝 — 镜头"],
  ];
  for (const [encoding, text] of readings) {
    const decoder = new TextDecoder(encoding);
    const garbled = Array.from(new TextEncoder().encode(text), (byte) => {
      const character = decoder.decode(Uint8Array.of(byte));
      return character === "\ufffd" ? String.fromCharCode(byte) : character;
    }).join("");
    assert.notEqual(garbled, text);
    assert.equal(fixMojibake(garbled), text, encoding);
  }
});

Deno.test("fixMojibake() mends a lost hard space in small letters only", () => {
  assert.equal(fixMojibake("voilÃ quelque"), "voilà quelque");
  assert.equal(fixMojibake("voilÃ travail"), "voilà travail");
  assert.equal(fixMojibake("Ã Paris"), "à Paris");
  const capitals: [garbled: string, text: string][] = [
    ["ESPAÃ‘A", "ESPAÑA"],
    ["ALGODÃ“N", "ALGODÓN"],
    ["CÃ”TE", "CÔTE"],
    ["AVÃ“", "AVÓ"],
    ["shot in 4KÂ\u00a0HDR", "shot in 4K\u00a0HDR"],
  ];
  for (const [garbled, text] of capitals) {
    assert.equal(fixMojibake(garbled), text);
  }
});

Deno.test("fixMojibake() leaves sound words alone", () => {
  for (
    const text of [
      "SPÓŁKA",
      "JOSÉ® É©",
      "„Ä“ «É»",
      "NÃO, SÃO",
      "Ђурђевдан ЈЈ",
      "MANHÃ CHUVOSA",
      "IRMÃ’S",
      "“MANHÃ”",
    ]
  ) assert.equal(fixMojibake(text), text);
});

Deno.test("unescapeHtml() reads numbers as HTML does", () => {
  assert.equal(unescapeHtml("&#x80;&#0;&#xD800;&#x110000;"), "€���");
  // windows-1252 ends at 0x9f; what follows is Latin-1.
  assert.equal(unescapeHtml("&#x9f;&#xa0;&#x7e;"), "Ÿ\u00a0~");
  assert.equal(unescapeHtml("&#1;&#xFFFE;&#127;x&#13;"), "x\r");
  assert.equal(unescapeHtml("&#; &#x; & &;"), "&#; &#x; & &;");
});
