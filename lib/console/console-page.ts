import type { Asset, ConsoleFiles } from './console-files.js';

/** The page, made for the path that it is asked for at. */
export class ConsolePage {
  readonly assets: ReadonlyMap<string, Asset>;

  constructor(private readonly files: ConsoleFiles) {
    this.assets = files.assets;
  }

  /**
   * The page with the base of all its links, relative to itself: so it works under any prefix, behind proxies that cut
   * one off, and with or without a slash at the end.
   *
   * @param url of the request, as far as the application knows it
   */
  at(url: string): string {
    const [path = ''] = url.split('?');
    const last = path.slice(path.lastIndexOf('/') + 1);
    const base = last === '' ? './' : `./${last}/`;
    return this.files.page.replace('<head>', `<head>\n    <base href="${escaped(base)}" />`);
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
