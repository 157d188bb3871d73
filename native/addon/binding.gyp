{
  'variables': {
    # old-glibc.c
    'wrapped': [
      '-Wl,--wrap=pthread_create,--wrap=pthread_join,--wrap=pthread_detach,--wrap=pthread_once,--wrap=pthread_sigmask,--wrap=__pthread_key_create'
    ],
  },
  'targets': [
    {
      'target_name': 'lichen',
      'sources': ['<!@(ls *.cc *.c)', '../runtime/resolve.c'],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
      'defines': ['NAPI_VERSION=8', 'NAPI_CPP_EXCEPTIONS', 'NODE_ADDON_API_CPP_EXCEPTIONS_ALL', '_GNU_SOURCE'],
      'cflags_cc': ['-std=c++17', '-Wall', '-Wextra', '-fexceptions', '-fvisibility=hidden'],
      'cflags_cc!': ['-fno-exceptions', '-std=gnu++17', '-std=gnu++20'],
      # One file that runs beside another libstdc++ or libseccomp, or none: both are linked in.
      'libraries': ['-l:libseccomp.a'],
      'ldflags': ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL', '-Wl,-z,now', '<@(wrapped)'],
      'conditions': [['OS!="linux"', {'type': 'none'}]],
    }
  ]
}
