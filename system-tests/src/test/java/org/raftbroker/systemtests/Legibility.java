package org.raftbroker.systemtests;

import java.util.List;

/** Finds what of the page in a browser not everybody can read, or hear read out. */
final class Legibility {
  private Legibility() {}

  /**
   * Texts with less contrast to what is behind them than the WCAG's level AA asks for: 4.5 to 1.
   */
  static List<String> unreadable(Browser browser) {
    return browser.texts(
        """
        const parse = (color) => {
          const [r, g, b, a = 1] = color.match(/[0-9.]+/g).map(Number);
          return {r, g, b, a};
        };
        const over = (top, ground) => ({
          r: top.r * top.a + ground.r * (1 - top.a), g: top.g * top.a + ground.g * (1 - top.a),
          b: top.b * top.a + ground.b * (1 - top.a), a: 1});
        const ground = (element) => element === null
          ? {r: 255, g: 255, b: 255, a: 1}
          : over(parse(getComputedStyle(element).backgroundColor), ground(element.parentElement));
        const light = ({r, g, b}) => {
          const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
          return .2126 * x + .7152 * y + .0722 * z;
        };
        const found = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const element = walker.currentNode.parentElement;
          if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('.unseen, :disabled')) continue;
          const behind = ground(element);
          const style = getComputedStyle(element);
          const text = over(parse(element.namespaceURI.endsWith('svg') ? style.fill : style.color), behind);
          const [a, b] = [light(text), light(behind)].sort((x, y) => y - x);
          const contrast = (a + .05) / (b + .05);
          if (contrast < 4.5) found.push(walker.currentNode.data.trim() + ': ' + contrast.toFixed(2));
        }
        return found;
        """);
  }

  /** What can be used and has no name that could be read out. */
  static List<String> nameless(Browser browser) {
    return browser.texts(
        """
        return [...document.querySelectorAll('a, button, input, select, textarea, [tabindex="0"]')]
            .filter(e => e.checkVisibility() && !e.innerText?.trim() && !e.ariaLabel && !e.labels?.length)
            .map(e => e.outerHTML);
        """);
  }
}
