import { createRequire } from 'node:module';

/** What an OpenAPI document says of a route. */
interface Description {
  /** Names of its query parameters. */
  readonly query?: readonly string[];
  /** What its body is. */
  readonly body?: string;
}

/** Of `@nestjs/swagger`, as far as it is needed here. */
interface OpenApi {
  readonly ApiOperation: (options: { summary: string }) => MethodDecorator;
  readonly ApiQuery: (options: {
    name: string;
    required: boolean;
    schema: object;
  }) => MethodDecorator;
  readonly ApiBody: (options: { description: string; schema: object }) => MethodDecorator;
  readonly ApiTags: (...tags: string[]) => ClassDecorator;
}

const openApi = optionalOpenApi();

/** Describes a route in the host's OpenAPI document, where it has `@nestjs/swagger`. */
export function Described(
  summary: string,
  { query = [], body }: Description = {},
): MethodDecorator {
  if (openApi === null) return () => undefined;
  const { ApiOperation, ApiQuery, ApiBody } = openApi;
  const decorators = [
    ApiOperation({ summary }),
    ...query.map((name) => ApiQuery({ name, required: false, schema: { type: 'string' } })),
    ...(body === undefined ? [] : [ApiBody({ description: body, schema: { type: 'object' } })]),
  ];
  return (target, key, descriptor) => {
    for (const decorate of decorators) decorate(target, key, descriptor);
  };
}

/** Groups the routes of a controller in it. */
export const Tagged = (tag: string): ClassDecorator =>
  openApi === null ? () => undefined : openApi.ApiTags(tag);

function optionalOpenApi(): OpenApi | null {
  try {
    return createRequire(import.meta.url)('@nestjs/swagger') as OpenApi;
  } catch {
    return null;
  }
}
