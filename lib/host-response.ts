import type { ServerResponse } from 'node:http';

/** A response of Express or of Fastify. */
export type HostResponse =
  ServerResponse | { readonly raw: ServerResponse; readonly hijack?: () => void };

export const rawOf = (response: HostResponse): ServerResponse =>
  'raw' in response ? response.raw : response;
