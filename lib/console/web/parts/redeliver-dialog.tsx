import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Redelivery } from '../answers.js';
import { exactText } from '../counts.js';
import { RedeliveryRun } from '../redelivery-run.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { PaceField, paceOf } from './pace-field.js';
import { RedeliveryProgress } from './redelivery-progress.js';

interface RedeliverDialogProps {
  readonly title: string;
  readonly filter: Redelivery;
  readonly onClose: () => void;
}

/** Dead letters again: counted first, sent when that was seen. Closing it ends what is under way. */
export function RedeliverDialog({ title, filter, onClose }: RedeliverDialogProps): JSX.Element {
  const run = useMemo(() => new RedeliveryRun(), []);
  const [pace, setPace] = useState('');
  useEffect(() => {
    void run.count(filter);
    return () => run.cancel();
  }, []);
  const phase = run.phase.value;
  const isOver = phase === 'done' || phase === 'cancelled';
  const isRunning = phase === 'running';
  const closeLabel = isOver ? 'Close' : isRunning ? 'Stop and close' : 'Cancel';
  return (
    <Dialog
      title={title}
      closeLabel={closeLabel}
      onClose={onClose}
      actions={
        <>
          {isRunning && (
            <Button icon="close" onPress={() => run.cancel()}>
              Stop
            </Button>
          )}
          {phase === 'counted' && run.expected.value > 0 && (
            <Button
              look="primary"
              icon="resend"
              onPress={() => run.start({ ...filter, ...paceOf(pace) })}
            >
              {`Redeliver ${exactText(run.expected.value)}`}
            </Button>
          )}
          {phase === 'failed' && (
            <Button icon="resend" onPress={() => run.count(filter)}>
              Count again
            </Button>
          )}
        </>
      }
    >
      {(phase === 'counted' || phase === 'counting') && (
        <PaceField value={pace} onChange={setPace} />
      )}
      <RedeliveryProgress run={run} />
    </Dialog>
  );
}
