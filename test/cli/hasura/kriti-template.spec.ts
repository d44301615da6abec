import { describe, expect, it } from 'vitest';
import { bodyOfTemplate } from '../../../lib/cli/hasura/kriti-template.js';
import { literal } from '../../../lib/cli/hasura/source-literal.js';

const sourceOf = (template: string): string | undefined => {
  const body = bodyOfTemplate(template);
  return body === undefined ? undefined : literal(body, 0, 0);
};

describe('a template of Hasura', () => {
  it.each([
    ['{{$body}}', undefined],
    ['{{ $body.event.data.new }}', 'payload.event.data.new'],
    ['{{$body.event.data.new.total}}', 'payload.event.data.new?.total'],
    ['{{$body?.event?.data?.old?.total}}', 'payload.event.data.old?.total'],
    [`{{$body["event"]["data"]["new"]["grand total"]}}`, `payload.event.data.new?.['grand total']`],
    ['{{$body.event.op}}', 'payload.event.op'],
    ['{{$body.trigger.name}}', 'payload.trigger.name'],
    [
      `{{$session_variables?['x-hasura-role']}}`,
      `payload.event.session_variables?.['x-hasura-role']`,
    ],
    ['"{{$body.id}}"', 'payload.id'],
    ['"a{{$body.id}}b"', '`a${payload.id}b`'],
    ['{ "a": "\\"{{$body.id}}\\"" }', '{ a: `"${payload.id}"` }'],
    ['"`${x} {{$body.id}} \\\\"', '`\\`\\${x} ${payload.id} \\\\`'],
    ['"a\\r\\n{{$body.id}}"', '`a\\r\\n${payload.id}`'],
    ['[1, true, null, "x", {}]', "[1, true, null, 'x', {}]"],
  ])('%s becomes %s', (template, expected) => {
    expect(sourceOf(template)).toBe(expected);
  });

  it.each([
    '{{ if $body.event.op == "INSERT" }} 1 {{ else }} 2 {{ end }}',
    '{{ range _, x := $body.event.data.new.tags }} {{ x }} {{ end }}',
    '{{ toUpper($body.event.op) }}',
    '{{ $body.event.data.new.address.city }}',
    '{{ $body.no.such.thing }}',
    '{{ $body.id',
    '{ "a": }',
  ])('is left to people where it does more: %s', (template) => {
    expect(bodyOfTemplate(template)).toBeUndefined();
  });
});
