/** The import law of ARCHITECTURE.md, checked by a tool. */
module.exports = {
  forbidden: [
    {
      name: 'store-format-imports-nobody',
      severity: 'error',
      from: { path: '^store-format' },
      to: { path: '^(src|cli|bench|test)' },
    },
    {
      name: 'store-format-is-pure',
      severity: 'error',
      from: { path: '^store-format' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'src-never-imports-cli',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(cli|bench|test)' },
    },
    {
      name: 'cli-uses-the-front-door',
      severity: 'error',
      from: { path: '^cli' },
      to: { path: '^src/', pathNot: '^src/index\\.ts$' },
    },
    {
      name: 'operations-do-not-import-each-other',
      severity: 'error',
      from: { path: '^src/(capture|restore|copy|verify|report|digest|gc|scrub|prune)/' },
      to: {
        path: '^src/(capture|restore|copy|verify|report|digest|gc|scrub|prune|store)/',
        pathNot: '^src/$1/',
      },
    },
    {
      name: 'parts-know-no-operation',
      severity: 'error',
      from: {
        path: '^src/(engine|reachability|contents|intake|packs|images|chunk-index|objects|disks|disk-layout|workers|chunking|hashing|compression|system|encryption|keys|memory)/',
      },
      to: { path: '^src/(capture|restore|copy|verify|report|digest|gc|scrub|prune|store)/' },
    },
    {
      name: 'bytes-to-bytes-rooms-stand-alone',
      severity: 'error',
      from: { path: '^src/(chunking|hashing|compression|encryption)/' },
      to: { path: '^src/', pathNot: '^src/(chunking|hashing|compression|encryption)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['unknown', 'undetermined', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
  },
};
