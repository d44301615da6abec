// #region recipe
import { timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { EventTriggerPayload } from 'nestjs-event-triggers';

export default function orderCreated(request: Request, response: Response): void {
  const expected = Buffer.from(process.env['NHOST_WEBHOOK_SECRET'] ?? '');
  const given = Buffer.from(request.header('nhost-webhook-secret') ?? '');
  if (
    expected.length === 0 ||
    expected.length !== given.length ||
    !timingSafeEqual(expected, given)
  ) {
    response.sendStatus(401);
    return;
  }
  const { event } = request.body as EventTriggerPayload<{ id: number; email: string }>;
  if (event.op === 'INSERT') console.log(`Order ${event.data.new.id} of ${event.data.new.email}`);
  response.sendStatus(204);
}
// #endregion
