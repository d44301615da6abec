import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { CannotStart } from '../cannot-start.js';

/** Where e-mails go: a sample should not write to real people. */
export const OUTBOX_FILE = process.env.EMAILS_FILE || join(tmpdir(), 'sample-app-emails.jsonl');

export interface Email {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export class MailServerIsDown extends Error {}

@Injectable()
export class Mailer {
  private readonly logger = new Logger(Mailer.name);

  async send(email: Email): Promise<void> {
    try {
      await appendFile(OUTBOX_FILE, `${JSON.stringify(email)}\n`);
    } catch (cause) {
      throw new MailServerIsDown(`no e-mail can be sent (${codeOf(cause)})`, { cause });
    }
    this.logger.log(`e-mail to ${email.to}: ${email.subject}`);
  }
}

/** The file may be left over from another user of this machine. */
export async function openOutbox(): Promise<void> {
  try {
    await appendFile(OUTBOX_FILE, '');
  } catch (cause) {
    throw new CannotStart(
      `e-mails cannot be written to ${OUTBOX_FILE} (${codeOf(cause)}); set EMAILS_FILE to a file of your own`,
      { cause },
    );
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
