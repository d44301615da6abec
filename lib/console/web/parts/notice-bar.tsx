import type { JSX } from 'preact';
import { notice } from '../notices.js';
import { Button } from './button.js';
import { Icon } from './icon.js';

/** Tells what came of the last action, also to those who do not see it. */
export function NoticeBar(): JSX.Element {
  const shown = notice.value;
  return (
    <div class="notices" role="status">
      {shown && (
        <div class={`notice ${shown.kind}`}>
          <Icon name={shown.kind === 'done' ? 'check' : 'warning'} />
          <div>
            <p>{shown.text}</p>
            {shown.hint && <p class="muted">{shown.hint}</p>}
          </div>
          <Button look="quiet" icon="close" isCompact onPress={() => (notice.value = null)}>
            Close
          </Button>
        </div>
      )}
    </div>
  );
}
