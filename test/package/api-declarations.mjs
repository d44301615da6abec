// @ts-check
/** A report of API Extractor, taken apart into its declarations. */
import ts from 'typescript';

/**
 * @typedef {object} Declaration
 * @property {string} name
 * @property {string} text
 * @property {boolean} isExported
 * @property {Set<string>} mentioned names of other declarations and of imports
 */

/** Said of every member that has no tag or no docstring, which is no part of its form. */
const REMARK = /^ *\/\/ (@public( \(undocumented\))?|\(undocumented\))\n/gm;
const BETWEEN_IMPORTS = /\n+(?=import )/g;

/**
 * What users can come across: what is exported, and what that mentions.
 *
 * @param {string} code
 * @returns {string}
 */
export function visibleIn(code) {
  const declarations = declarationsIn(code);
  const visible = declarations.filter(({ isExported }) => isExported);
  for (const { mentioned } of visible) {
    visible.push(
      ...declarations.filter((other) => mentioned.has(other.name) && !visible.includes(other)),
    );
  }
  return declarations
    .filter((declaration) => visible.includes(declaration))
    .map(({ text }) => text.replaceAll(REMARK, '').trim())
    .join('\n\n')
    .replaceAll(BETWEEN_IMPORTS, '\n');
}

/**
 * In their order; overloads of one name are one declaration.
 *
 * @param {string} code
 * @returns {Declaration[]}
 */
export function declarationsIn(code) {
  const source = ts.createSourceFile('report.ts', code, ts.ScriptTarget.Latest, true);
  const exported = new Set(source.statements.filter(isExported).flatMap(namesOf));
  const known = new Set([
    ...exported,
    ...source.statements.filter(ts.isImportDeclaration).flatMap(namesOf),
  ]);
  const declarations = new Map();
  for (const statement of source.statements) {
    for (const name of namesOf(statement)) {
      const hidden = outOfReach(statement, known);
      const declaration = {
        name,
        text: without(hidden, statement),
        isExported: exported.has(name),
        mentioned: identifiersIn(statement, hidden),
      };
      const overloads = declarations.get(name);
      if (!overloads) {
        declarations.set(name, declaration);
        continue;
      }
      overloads.text += declaration.text;
      for (const other of declaration.mentioned) overloads.mentioned.add(other);
    }
  }
  return [...declarations.values()];
}

/**
 * @param {ts.Statement} statement
 * @returns {string[]}
 */
function namesOf(statement) {
  if (ts.isImportDeclaration(statement)) {
    const { name, namedBindings } = statement.importClause ?? {};
    const named = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
    const whole = namedBindings && ts.isNamespaceImport(namedBindings) ? [namedBindings] : [];
    return [name, ...[...named, ...whole].map((binding) => binding.name)].flatMap(
      (identifier) => identifier?.text ?? [],
    );
  }
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = /** @type {ts.DeclarationStatement} */ (statement);
  return name ? [name.getText()] : [];
}

/** @param {ts.Statement} statement */
function isExported(statement) {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/**
 * Constructors that only Nest can call, since they take something that is not exported, and what is meant for classes that
 * derive from one which is not exported.
 *
 * @param {ts.Statement} statement
 * @param {Set<string>} known names that users have: exported and imported ones
 * @returns {ts.ClassElement[]}
 */
function outOfReach(statement, known) {
  if (!ts.isClassDeclaration(statement)) return [];
  return statement.members.filter((member) => {
    if (ts.isConstructorDeclaration(member)) {
      return member.parameters.some(
        ({ type }) => type && ts.isTypeReferenceNode(type) && !known.has(type.typeName.getText()),
      );
    }
    return !isExported(statement) && isProtected(member);
  });
}

/** @param {ts.ClassElement} member */
function isProtected(member) {
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Protected) !== 0;
}

/**
 * @param {ts.Node[]} members
 * @param {ts.Statement} statement
 */
function without(members, statement) {
  return members.reduce(
    (text, member) => text.replace(member.getFullText(), ''),
    statement.getFullText(),
  );
}

/**
 * @param {ts.Node} node
 * @param {ts.Node[]} except
 * @returns {Set<string>}
 */
function identifiersIn(node, except) {
  if (except.includes(node)) return new Set();
  const found = new Set(ts.isIdentifier(node) ? [node.text] : []);
  ts.forEachChild(node, (child) => {
    for (const name of identifiersIn(child, except)) found.add(name);
  });
  return found;
}
