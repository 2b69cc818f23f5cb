# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Prints nftables rules for tests that want many expectations at once; sourced.
#
#   expectation_rules N    a new UDP flow from port 4000 to port 20000+i expects
#                          one from the same address to port 30000+i, for i < N
#   ftp_rules              the FTP helper looks into what is sent to port 21

expectation_rules()
{
	local count=$1 i

	echo 'table ip e {'
	for ((i = 0; i < count; i++)); do
		echo "ct expectation e$i { protocol udp; dport $((30000 + i)); timeout 10m; size 1; l3proto ip; }"
	done
	for ((i = 0; i < count; i++)); do
		echo "chain c$i { ct expectation set \"e$i\"; }"
	done
	echo 'chain o { type filter hook output priority 0; udp sport 4000 ct state new udp dport vmap {'
	for ((i = 0; i < count; i++)); do
		echo "$((20000 + i)) : jump c$i,"
	done
	echo '}; }'
	echo '}'
}

ftp_rules()
{
	cat <<-'EOT'
		table ip h {
			ct helper ftp { type "ftp" protocol tcp; }
			chain o { type filter hook output priority 0; tcp dport 21 ct helper set "ftp"; }
		}
	EOT
}
