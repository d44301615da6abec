import type { Random } from '../../support/random.mjs';

/** What befalls a dispatcher: its process dies, or a connection breaks and it lives on. */
const FATES = ['dies', 'is cut off'] as const;
/** Where: a call never begins, or does its work and is never answered. */
const MOMENTS = ['before', 'after'] as const;

/** A request has no connection to lose but the receiver's, and that is one of the outcomes that are retried. */
export const REQUEST = 'request';

export interface FaultPoint {
  readonly fate: (typeof FATES)[number];
  readonly moment: (typeof MOMENTS)[number];
  /** The kind of the call. */
  readonly call: string;
  /** Which one of its kind, counted from 1. */
  readonly ordinal: number;
}

/** A call by what is known of it before it is made, and after it was answered. */
export interface MadeCall {
  readonly before: string;
  readonly after: string;
}

export const nameOf = ({ fate, moment, call, ordinal }: FaultPoint): string =>
  `${fate} ${moment} "${call}" ${ordinal}`;

/** Each moment of each call, in groups by what happens and at what kind of call. */
export function faultPointsOf(calls: readonly MadeCall[]): FaultPoint[][] {
  const groups: FaultPoint[][] = [];
  for (const fate of FATES)
    for (const moment of MOMENTS) {
      const made = calls.map((call) => call[moment]);
      for (const call of new Set(made)) {
        if (call === REQUEST && fate === 'is cut off') continue;
        const count = made.filter((one) => one === call).length;
        groups.push(
          Array.from({ length: count }, (_, place) => ({ fate, moment, call, ordinal: place + 1 })),
        );
      }
    }
  return groups;
}

/** The first of each group, and as many others as are wanted, from all groups alike. */
export function choose(
  groups: readonly (readonly FaultPoint[])[],
  others: number,
  random: Random,
): FaultPoint[] {
  const rests = groups.map(([, ...rest]) => [...rest]);
  const chosen = groups.flatMap(([first]) => first ?? []);
  const wanted = Math.min(chosen.length + others, groups.flat().length);
  for (let place = 0; chosen.length < wanted; place += 1) {
    const rest = rests[place % rests.length]!;
    if (rest.length > 0) chosen.push(...rest.splice(random.between(0, rest.length - 1), 1));
  }
  return chosen;
}
