import type { TextRow } from '../../../lib/database.js';
import { RECORD_PARAMETERS } from '../../../lib/pipeline/claim/claim.sql.js';
import { Life } from '../support/life.js';
import { REQUEST, type FaultPoint, type MadeCall } from './fault-point.js';

/** What a connection that breaks says of the calls on it. */
const CUT_OFF = 'Connection terminated unexpectedly';
/** What of a statement without a name tells it from others. */
const NAME_LENGTH = 60;
/** What a claim or a takeover brings; its other rows say how things stand. */
const CLAIMS = /^(cycle|recover)/;
const BROUGHT = ['batch', 'retry'];

/** A life that something befalls at given calls, and that remembers all the calls that were made. */
export class MortalLife extends Life {
  readonly calls: MadeCall[] = [];
  /** Resolves when it has died. */
  readonly died: Promise<void>;
  private dead = false;
  private readonly struck = new Set<FaultPoint>();
  private readonly counts = new Map<string, number>();
  private readonly underWay = new Set<Promise<unknown>>();
  private tellDeath: () => void = () => undefined;

  constructor(private readonly points: readonly FaultPoint[]) {
    super();
    this.died = new Promise((resolve) => {
      this.tellDeath = resolve;
    });
  }

  get isDead(): boolean {
    return this.dead;
  }

  /** Whether all that was to befall it has done so. */
  get isFulfilled(): boolean {
    return this.struck.size === this.points.length;
  }

  hasMade(call: string): boolean {
    return this.calls.some(({ before }) => before === call);
  }

  /** What had been sent when it died goes on without it: resolves when that is over. */
  async echo(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  override end(): void {
    super.end();
    this.dead = true;
    this.tellDeath();
  }

  protected override async make<Answer>(
    name: string,
    parameters: readonly unknown[],
    call: () => Promise<Answer>,
  ): Promise<Answer> {
    const asked = kindOf(name, parameters);
    await this.meet('before', asked);
    const working = call();
    this.underWay.add(working);
    const answer = await working.finally(() => this.underWay.delete(working));
    const heard = asked + whatCame(asked, answer);
    if (!this.dead) this.calls.push({ before: asked, after: heard });
    await this.meet('after', heard);
    return answer;
  }

  private async meet(moment: FaultPoint['moment'], call: string): Promise<void> {
    const counted = `${moment} ${call}`;
    const ordinal = (this.counts.get(counted) ?? 0) + 1;
    this.counts.set(counted, ordinal);
    const point = this.points.find(
      (one) => one.moment === moment && one.call === call && one.ordinal === ordinal,
    );
    if (point === undefined || this.dead) return;
    this.struck.add(point);
    if (point.fate === 'is cut off') throw new Error(CUT_OFF);
    this.end();
    await new Promise(() => undefined);
  }
}

function kindOf(name: string, parameters: readonly unknown[]): string {
  if (name === 'deliver') return REQUEST;
  const [statement] = parameters as [string];
  if (name === 'query') return statement.replaceAll(/\s+/g, ' ').trim().slice(0, NAME_LENGTH);
  const values = parameters[2] as readonly unknown[];
  const kind = statement.replace('event-triggers:', '');
  const recorded = values.slice(-RECORD_PARAMETERS);
  const records = kind === 'cycle' && recorded.some((value) => value !== null);
  return records ? `${kind} that records` : kind;
}

function whatCame(asked: string, answer: unknown): string {
  if (!CLAIMS.test(asked)) return '';
  const kinds = new Set((answer as readonly TextRow[]).map(([kind]) => kind));
  return BROUGHT.filter((kind) => kinds.has(kind))
    .map((kind) => `, brings ${kind}`)
    .join('');
}
