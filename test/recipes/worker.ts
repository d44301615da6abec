// #region recipe
import { EventTriggersModule } from 'nestjs-event-triggers';

/** The same module for both: ROLE=worker delivers, all others write and attach. */
export const eventTriggersModule = () =>
  EventTriggersModule.forRoot({
    dispatcher: process.env['ROLE'] === 'worker' ? { concurrency: 128 } : false,
  });
// #endregion
