import { Injectable } from '@nestjs/common';

/** Stands for whatever sends e-mails. */
@Injectable()
export class Mailer {
  readonly sent: { to: string; subject: string; messageId: string }[] = [];
  /** How many of the next ones fail. */
  failures = 0;

  async send(email: (typeof this.sent)[number]): Promise<void> {
    if (this.failures-- > 0) throw new Error('the mail server is down');
    this.sent.push(email);
  }
}
