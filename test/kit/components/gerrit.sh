#!/usr/bin/env bash
# Gerrit from the parts that it publishes for tests of plugins: the whole server is in them, without its pages.
. "$(dirname "$0")/lib.sh"

# Gerrit finds these beside it, and does not bring them along.
BOUNCY=1.72

build() {
  local out=$1 version=$2 work=$3 artifact
  need java 'install a JRE, version 17 or later'
  need javac 'install a JDK, version 17 or later'
  need mvn 'install Maven'
  for artifact in com.google.gerrit:gerrit-{acceptance-framework,plugin-api}:"$version" \
    org.bouncycastle:bc{prov,pkix,pg,util}-jdk18on:"$BOUNCY"; do
    mvn -q -B -Dmaven.repo.local="$work/m2" dependency:get -Dartifact="$artifact" -Dtransitive=false
  done
  mkdir "$out/lib"
  find "$work/m2" \( -name 'gerrit-*.jar' -o -name 'bc*-jdk18on-*.jar' \) -exec cp {} "$out/lib/" \;
  cat >Program.java <<'JAVA'
import com.google.gerrit.pgm.util.AbstractProgram;
import java.util.Arrays;

/** Runs one of Gerrit's programs by its name, as its own launcher does. */
public class Program {
  public static void main(String[] args) throws Exception {
    Class<?> program = Class.forName("com.google.gerrit.pgm." + args[0]);
    String[] rest = Arrays.copyOfRange(args, 1, args.length);
    System.exit(((AbstractProgram) program.getDeclaredConstructor().newInstance()).main(rest));
  }
}
JAVA
  mkdir "$out/classes"
  javac -cp "$out/lib/*" -d "$out/classes" Program.java
  cat >"$out/log4j.properties" <<'LOG'
log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%p %c: %m%n
LOG
  cat >"$out/gerrit" <<RUN
#!/bin/sh
# usage: gerrit Init|Daemon …
here=\$(dirname "\$(readlink -f "\$0")")
[ "\${1-}" != --version ] || { echo 'gerrit version $version' && exit; }
logging='-Dflogger.backend_factory=com.google.common.flogger.backend.log4j.Log4jBackendFactory#getInstance
  -Dflogger.logging_context=com.google.gerrit.server.logging.LoggingContext#getInstance'
exec java -Xmx512m \$logging "-Dlog4j.configuration=file:\$here/log4j.properties" -cp "\$here/classes:\$here/lib/*" Program "\$@"
RUN
  chmod +x "$out/gerrit"
}
component gerrit "${1:-3.10.2}" 2 build
