import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import type { Bucket } from '../answers.js';

const HEIGHT = 160;
const MILLISECONDS = 1_000;
const BAR_SHARE = 0.8;
const MOST_BAR_WIDTH = 24;

/** Attempts over the last hour, by minute. */
export function AttemptsChart({ buckets }: { buckets: readonly Bucket[] }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const latest = useRef(buckets);
  latest.current = buckets;

  useEffect(() => {
    const element = place.current!;
    const draw = (): void => {
      chart.current?.destroy();
      chart.current = new UPlot(optionsFor(element), dataOf(latest.current), element);
    };
    draw();
    const resized = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    resized.observe(element);
    // Its colours are drawn, and follow the scheme only when drawn again.
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      scheme.removeEventListener('change', draw);
      resized.disconnect();
      chart.current?.destroy();
    };
  }, []);
  const data = JSON.stringify(buckets);
  useEffect(() => chart.current?.setData(dataOf(latest.current)), [data]);

  return <div class="chart" ref={place} />;
}

/** The line of all attempts behind that of those that were delivered: what is seen of it is what failed. */
function dataOf(buckets: readonly Bucket[]): UPlot.AlignedData {
  return [
    buckets.map(({ at }) => Date.parse(at) / MILLISECONDS),
    buckets.map(({ delivered, failed }) => delivered + failed),
    buckets.map(({ delivered }) => delivered),
  ];
}

function optionsFor(element: HTMLElement): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  const bars = UPlot.paths.bars!({ size: [BAR_SHARE, MOST_BAR_WIDTH], align: 1 });
  const series = (label: string, fill: string): UPlot.Series => ({
    label,
    fill: colour(fill),
    width: 0,
    paths: bars,
    points: { show: false },
  });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most ?? 1)] } },
    axes: [
      { ...axis, values: (_, times) => times.map(hourAndMinute) },
      { ...axis, size: 40, values: (_, counts) => counts.map((count) => wholeOnly(count)) },
    ],
    series: [{}, series('All attempts', '--failed'), series('Delivered', '--delivered')],
  };
}

const hourAndMinute = (seconds: number): string =>
  new Date(seconds * MILLISECONDS).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
  });

const wholeOnly = (count: number): string => (Number.isInteger(count) ? String(count) : '');
