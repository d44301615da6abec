import axios, { type AxiosInstance } from 'axios';
import { Agent } from 'node:http';

/** A way to a receiver, and an axios instance that makes webhooks take it. */
export type Lane = readonly [name: string, makeInstance: () => AxiosInstance];

/** Those on which the package makes the connections itself. */
export const OWN_LANES: readonly Lane[] = [
  ['straight', () => axios.create()],
  [
    'through a host that intercepts',
    () => {
      const instance = axios.create();
      instance.interceptors.request.use((config) => config);
      return instance;
    },
  ],
];

export const LANE_OF_AGENTS: Lane = [
  'through a host with agents of its own',
  () => axios.create({ httpAgent: new Agent({ keepAlive: true }) }),
];

/** All have to behave alike. */
export const LANES: readonly Lane[] = [...OWN_LANES, LANE_OF_AGENTS];
