import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Trigger } from '../answers.js';
import { switchTrigger } from '../api.js';
import { act } from '../notices.js';
import { addressOf } from '../route.js';
import { localText } from '../times.js';
import { Button } from './button.js';
import { DeleteTriggerDialog } from './delete-trigger-dialog.js';
import { Icon } from './icon.js';
import { InvokeDialog } from './invoke-dialog.js';
import { PurgeDialog } from './purge-dialog.js';

interface TriggerActionsProps {
  readonly trigger: Trigger;
  readonly reload: () => void;
}

type Open = 'invoke' | 'purge' | 'delete' | null;

export function TriggerActions({ trigger, reload }: TriggerActionsProps): JSX.Element {
  const [open, setOpen] = useState<Open>(null);
  const { name, made, removedAt, operations } = trigger;
  const close = (): void => {
    setOpen(null);
    reload();
  };
  return (
    <div class="actions">
      {removedAt === null && <Switches trigger={trigger} reload={reload} />}
      {operations.includes('MANUAL') && removedAt === null && (
        <Button icon="send" onPress={() => setOpen('invoke')}>
          Send test event
        </Button>
      )}
      <a class="button plain" href={addressOf(['replay'], { trigger: name })}>
        <Icon name="resend" />
        <span>Replay</span>
      </a>
      <Button icon="trash" onPress={() => setOpen('purge')}>
        Purge
      </Button>
      {made !== null && removedAt === null && (
        <>
          <a class="button plain" href={addressOf(['triggers', name, 'edit'])}>
            <Icon name="edit" />
            <span>Edit</span>
          </a>
          <Button icon="trash" look="danger" onPress={() => setOpen('delete')}>
            Delete
          </Button>
        </>
      )}
      {open === 'invoke' && <InvokeDialog name={name} onClose={close} />}
      {open === 'purge' && <PurgeDialog name={name} onClose={close} />}
      {open === 'delete' && <DeleteTriggerDialog name={name} onClose={close} />}
    </div>
  );
}

function Switches({ trigger, reload }: TriggerActionsProps): JSX.Element {
  const { name, deliveryPaused, capturePaused } = trigger;
  const press = async (
    action: 'pause' | 'resume' | 'pause-capture' | 'resume-capture',
    said: string,
  ): Promise<void> => {
    await act(async () => {
      const { missed } = await switchTrigger(name, action);
      return missed
        ? `${said}; changes from ${localText(missed.from)} to ${localText(missed.to)} made no event`
        : said;
    });
    reload();
  };
  return (
    <>
      {deliveryPaused === null ? (
        <Button icon="pause" onPress={() => press('pause', 'Paused; changes wait')}>
          Pause
        </Button>
      ) : (
        <Button icon="play" look="primary" onPress={() => press('resume', 'Delivered again')}>
          Resume
        </Button>
      )}
      {capturePaused === null ? (
        <Button
          icon="minus"
          title="Changes of the table go by and make no events"
          onPress={() => press('pause-capture', 'Changes are not captured any more')}
        >
          Pause capture
        </Button>
      ) : (
        <Button
          icon="play"
          look="primary"
          onPress={() => press('resume-capture', 'Changes are captured again')}
        >
          Resume capture
        </Button>
      )}
    </>
  );
}
