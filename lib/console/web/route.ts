/** What the page shows, as the part of the address behind `#` says. */
export type Route = { readonly query: URLSearchParams } & (
  | { readonly screen: 'triggers' | 'new-trigger' | 'events' | 'dead-letters' | 'replay' }
  | { readonly screen: 'trigger' | 'edit-trigger'; readonly name: string }
  | { readonly screen: 'event'; readonly id: string }
  | { readonly screen: 'unknown'; readonly path: string }
);

const NEW = 'new';

/** No trigger is named `new`: the form has that address, and a trigger of that name has `edit` and events all the same. */
export function routeOf(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const [section = '', subject, action, ...others] = path.split('/').map(decoded);
  const unknown: Route = { screen: 'unknown', path, query };
  if (others.length > 0) return unknown;
  if (section === '') return { screen: 'triggers', query };
  if (section === 'triggers') return triggerRoute(subject, action, query) ?? unknown;
  if (section === 'events' && action === undefined)
    return subject ? { screen: 'event', id: subject, query } : { screen: 'events', query };
  if ((section === 'dead-letters' || section === 'replay') && subject === undefined)
    return { screen: section, query };
  return unknown;
}

function triggerRoute(
  name: string | undefined,
  action: string | undefined,
  query: URLSearchParams,
): Route | null {
  if (!name) return { screen: 'triggers', query };
  if (action === 'edit') return { screen: 'edit-trigger', name, query };
  if (action !== undefined) return null;
  return name === NEW ? { screen: 'new-trigger', query } : { screen: 'trigger', name, query };
}

/** Half an escape is a typing error, and no reason to show nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a screen; what is empty is left out. */
export function addressOf(
  path: readonly string[],
  query: Readonly<Record<string, string | readonly string[] | null | undefined>> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values ?? []].flat()) if (value !== '') search.append(name, value);
  }
  const rest = search.size > 0 ? `?${search}` : '';
  return `#/${path.map(encodeURIComponent).join('/')}${rest}`;
}
