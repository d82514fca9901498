#!/bin/sh
# usage: ccache-launcher.sh SOURCE-DIRECTORY CCACHE COMPILER ARGUMENT...
# ccache with the settings that precompiled headers and several checkouts ask for. Each header's checksum is written
# beside it, once: ccache would read its 70 to 230 MB again for every source that uses it.
export CCACHE_BASEDIR="$1" CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 CCACHE_PCH_EXTSUM=1
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
shift
case " $* " in
    *" -x c++-header "*) ;;
    *) exec "$@" ;;
esac
"$@" || exit
while [ "$1" != -o ]; do shift; done
b2sum <"$2" >"$2.sum"
