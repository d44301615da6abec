/** Where the page was served from: all that it asks for lies below. */
export const HOME = document.baseURI;

// The base element has found script and style. From now on it would make "#/events" another page.
const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
if (icon !== null) icon.href = new URL(icon.getAttribute('href') ?? '', HOME).href;
document.querySelector('base')?.remove();
