import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EmailsController } from './emails.controller.js';
import { HandledEvent } from './handled-event.entity.js';
import { Mailer } from './mailer.js';
import { OrderEmails } from './order-emails.js';

@Module({
  imports: [TypeOrmModule.forFeature([HandledEvent])],
  controllers: [EmailsController],
  providers: [Mailer, OrderEmails],
})
export class EmailsModule {}
