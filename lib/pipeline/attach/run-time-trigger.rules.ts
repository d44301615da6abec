import { Type } from 'class-transformer';
import { isBoolean, May, MayNest, Must } from '../../validation.js';
import {
  COLUMNS_RULE,
  CommonTriggerRules,
  isColumns,
  isNamedTable,
  isStorableText,
  WEBHOOK_RULE,
} from './trigger-definition.rules.js';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

class RunTimeOperationRules {
  @May(COLUMNS_RULE, isColumns)
  payload?: string[];

  // What is in it is told once the columns of the table are known.
  @May('be a condition such as { column, operator, value }', isObject)
  where?: object;
}

class RunTimeUpdateRules extends RunTimeOperationRules {
  @May(COLUMNS_RULE, isColumns)
  columns?: string[];

  @May('be true or false', isBoolean)
  unchanged?: boolean;
}

/** The rules of a `RunTimeTriggerDefinition`, whose documentation stands there. */
export class RunTimeTriggerRules extends CommonTriggerRules {
  @Must(
    'be the name of a table, or { schema, name }; a dot in a name is part of the name',
    isNamedTable,
  )
  table!: unknown;

  @Must(WEBHOOK_RULE, isStorableText)
  webhook!: string;

  @MayNest('be true or { payload, where }', true)
  @Type(() => RunTimeOperationRules)
  insert?: true | RunTimeOperationRules;

  @MayNest('be true or { columns, payload, where, unchanged }', true)
  @Type(() => RunTimeUpdateRules)
  update?: true | RunTimeUpdateRules;

  @MayNest('be true or { payload, where }', true)
  @Type(() => RunTimeOperationRules)
  delete?: true | RunTimeOperationRules;
}
