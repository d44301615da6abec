import type { JSX } from 'preact';
import type { Bucket } from '../answers.js';
import { barsOf } from '../bars.js';
import { exactText } from '../counts.js';

const WIDTH = 120;
const HEIGHT = 22;

/** Attempts over time: delivered, and failed on top. */
export function Sparkline({ buckets }: { buckets: readonly Bucket[] }): JSX.Element {
  const sum = (member: 'delivered' | 'failed'): string =>
    exactText(buckets.reduce((total, bucket) => total + bucket[member], 0));
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={`${sum('delivered')} delivered, ${sum('failed')} failed`}
    >
      <path class="axis" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
      {barsOf(buckets, WIDTH, HEIGHT).map(({ x, width, delivered, failed }) => (
        <>
          {delivered > 0 && (
            <rect class="delivered" x={x} width={width} y={HEIGHT - delivered} height={delivered} />
          )}
          {failed > 0 && (
            <rect
              class="failed"
              x={x}
              width={width}
              y={HEIGHT - delivered - failed}
              height={failed}
            />
          )}
        </>
      ))}
    </svg>
  );
}
