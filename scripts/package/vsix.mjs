// The container format of VS Code extensions: a zip with a manifest beside the folder `extension/`.
import path from 'node:path';

const contentTypes = {
  '.cjs': 'application/javascript',
  '.dll': 'application/octet-stream',
  '.js': 'application/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.vsixmanifest': 'text/xml',
};
const otherContent = 'application/octet-stream';
const manifestName = 'extension.vsixmanifest';

/** Pages of the extension by the kind that the Marketplace knows them by. */
const pages = [
  ['Microsoft.VisualStudio.Code.Manifest', 'package.json'],
  ['Microsoft.VisualStudio.Services.Content.Details', 'readme.md'],
  ['Microsoft.VisualStudio.Services.Content.Changelog', 'changelog.md'],
  ['Microsoft.VisualStudio.Services.Content.License', 'LICENSE.txt'],
];

/**
 * Bytes of a .vsix.
 * @param {object} manifest package.json of the extension
 * @param {string} target platform in VS Code's words, e.g. `linux-x64`
 * @param {Map<string, Uint8Array>} files contents by their path below the extension's folder, with slashes
 */
export async function makeVsix(manifest, target, files) {
  const { zipSync, strToU8 } = await import('fflate');
  const entries = {
    [manifestName]: strToU8(vsixManifest(manifest, target, files)),
    '[Content_Types].xml': strToU8(contentTypesOf(files)),
  };
  for (const [name, bytes] of files) entries[`extension/${name}`] = bytes;
  // A fixed time (the oldest a zip can hold): the same files make the same package.
  return zipSync(entries, { level: 9, mtime: new Date(1980, 0, 2) });
}

function vsixManifest(manifest, target, files) {
  const { name, version, publisher, displayName, description, engines, categories, icon } = manifest;
  const assets = [
    ...pages.filter(([, file]) => files.has(file)),
    ...(icon === undefined ? [] : [['Microsoft.VisualStudio.Services.Icons.Default', icon]]),
  ];
  const property = (id, value) => `      <Property Id="${id}" Value="${escaped(value)}" />`;
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011"',
    '    xmlns:d="http://schemas.microsoft.com/developer/vsx-schema-design/2011">',
    '  <Metadata>',
    `    <Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${publisher}" TargetPlatform="${target}" />`,
    `    <DisplayName>${escaped(displayName)}</DisplayName>`,
    `    <Description xml:space="preserve">${escaped(description)}</Description>`,
    `    <Tags>${escaped(tagsOf(manifest).join(','))}</Tags>`,
    `    <Categories>${escaped(categories.join(','))}</Categories>`,
    '    <GalleryFlags>Public</GalleryFlags>',
    '    <Properties>',
    property('Microsoft.VisualStudio.Code.Engine', engines.vscode),
    property('Microsoft.VisualStudio.Code.ExtensionKind', 'workspace'),
    property('Microsoft.VisualStudio.Code.ExecutesCode', 'true'),
    property('Microsoft.VisualStudio.Services.GitHubFlavoredMarkdown', 'true'),
    property('Microsoft.VisualStudio.Services.Content.Pricing', 'Free'),
    '    </Properties>',
    '    <License>extension/LICENSE.txt</License>',
    ...(icon === undefined ? [] : [`    <Icon>extension/${icon}</Icon>`]),
    '  </Metadata>',
    '  <Installation>',
    '    <InstallationTarget Id="Microsoft.VisualStudio.Code" />',
    '  </Installation>',
    '  <Dependencies />',
    '  <Assets>',
    ...assets.map(
      ([type, file]) => `    <Asset Type="${type}" Path="extension/${file}" Addressable="true" />`,
    ),
    '  </Assets>',
    '</PackageManifest>',
    '',
  ].join('\n');
}

/** Words that the Marketplace finds the extension by: languages, and the file names that it opens. */
function tagsOf({ keywords = [], contributes }) {
  const languages = contributes.languages.flatMap(({ id, extensions }) => [
    id,
    ...extensions.map((extension) => `__ext_${extension.slice(1)}`),
  ]);
  return [...keywords, 'debuggers', 'snippet', ...languages];
}

function contentTypesOf(files) {
  const extensions = new Set([...files.keys(), manifestName].map((file) => path.posix.extname(file)));
  // The format asks for a type by file name where there is no extension.
  const whole = [...files.keys()].filter((file) => path.posix.extname(file) === '');
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">',
    ...[...extensions]
      .filter((extension) => extension !== '')
      .sort()
      .map(
        (extension) =>
          `<Default Extension="${extension}" ContentType="${contentTypes[extension] ?? otherContent}" />`,
      ),
    ...whole.map((file) => `<Override PartName="/extension/${file}" ContentType="${otherContent}" />`),
    '</Types>',
  ].join('\n');
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
